import { useEffect, useState } from "preact/hooks";
import type { Classified, DataPicture, MarkAnswer, Note, ShownPicture } from "../../../src/serving/dashboard/api.ts";
import { figure, percent } from "../format.ts";
import { markPhoto, markText } from "../marks.ts";
import { go, withQuery } from "../router.ts";
import { noteOf, runApi, send, useResource } from "../server.ts";
import { Bars } from "./bars.tsx";
import { Dialog } from "./dialog.tsx";
import { Loading, Notes } from "./notes.tsx";
import { useKeys } from "./shortcuts.tsx";
import { Toasts } from "./toast.tsx";

/** What the dialog is given. */
export interface PictureDialogProps {
  readonly run: string;
  /** Where the pictures are below the run's address: `pictures`, or `data/train`. */
  readonly place: string;
  readonly index: number;
  readonly classes: readonly string[];
  /** Whether there are weights that can look at the picture. */
  readonly canLook: boolean;
  /** The indices before and after in the gallery. */
  readonly previous: number | undefined;
  readonly next: number | undefined;
  readonly onMark: (index: number, mark: MarkAnswer | null) => void;
}

/** Closes as Back does if the page itself opened it. */
function leave(): void {
  if (history.state?.isOpened) history.back();
  else go(withQuery({ picture: null }), { replace: true });
}

interface HeatMap {
  readonly answer?: Classified;
  readonly fault?: Note;
  readonly isAsked?: boolean;
}

/** The heat map of a picture, once it is asked for, and whether it is shown. */
function useHeatMap(picture: string) {
  const [heat, setHeat] = useState<HeatMap>({});
  const [isShown, setShown] = useState(false);
  // another picture has another map
  useEffect(() => {
    setHeat({});
    setShown(false);
  }, [picture]);
  const toggle = (): void => {
    if (heat.isAsked) return;
    if (heat.answer) {
      setShown(!isShown);
      return;
    }
    setHeat({ isAsked: true });
    send<Classified>("POST", `${picture}/classify`).then(
      (answer) => {
        setHeat({ answer });
        setShown(true);
      },
      (error: unknown) => setHeat({ fault: noteOf(error) }),
    );
  };
  return { heat, isShown: isShown && heat.answer !== undefined, toggle };
}

interface MarkingProps extends Pick<PictureDialogProps, "classes"> {
  readonly picture: DataPicture;
  readonly onChoose: (mark: MarkAnswer | null) => void;
}

function Marking({ picture, classes, onChoose }: MarkingProps) {
  const { mark } = picture;
  if (picture.file === null) return <p class="faint">Only photos in files can be marked.</p>;
  const label = mark && !mark.excluded ? mark.label : picture.class;
  return (
    <div class="marking">
      <label>
        The right class
        <select
          value={label}
          disabled={mark?.excluded === true}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            onChoose(chosen === picture.class ? null : { label: chosen });
          }}
        >
          {classes.map((name) => (
            <option key={name} value={name}>
              {name}
              {name === picture.class ? " (as it is)" : ""}
            </option>
          ))}
        </select>
      </label>
      <button type="button" onClick={() => onChoose(mark?.excluded ? null : { excluded: true })}>
        {mark?.excluded ? "Use it again" : "Leave out"}
      </button>
      {mark && <p class="faint">Marked: {markText(mark)}. The next training follows it; the file stays where it is.</p>}
    </div>
  );
}

function Facts({ picture }: { picture: DataPicture & Partial<ShownPicture> }) {
  const isRight = picture.class === picture.predicted;
  return (
    <dl class="facts">
      <dt>Class</dt>
      <dd>{picture.class}</dd>
      {picture.predicted !== undefined && (
        <>
          <dt>Taken for</dt>
          <dd class={isRight ? "right" : "wrong"}>
            {isRight ? "✓" : "✗"} {picture.predicted} <small>{percent(picture.probability)}</small>
          </dd>
          <dt>Loss</dt>
          <dd>{figure(picture.loss)}</dd>
        </>
      )}
    </dl>
  );
}

/** A picture of a gallery, large. */
export function PictureDialog(props: PictureDialogProps) {
  const { run, place, index, classes, canLook, previous, next, onMark } = props;
  const address = runApi(run, `${place}/${index}`);
  const { data, error } = useResource<DataPicture & Partial<ShownPicture>>(address);
  const [changed, setChanged] = useState<{ address: string; mark: MarkAnswer | null }>();
  const { heat, isShown, toggle } = useHeatMap(address);
  const picture = data && changed?.address === address ? { ...data, mark: changed.mark } : data;
  const show = (other: number | undefined): void => {
    if (other !== undefined) go(withQuery({ picture: other }), { replace: true });
  };
  const mark = (chosen: MarkAnswer | null): void => {
    if (!picture?.file) return;
    void markPhoto({ run, file: picture.file, mark: chosen }, (now) => {
      setChanged({ address, mark: now });
      onMark(index, now);
    });
  };
  useKeys({
    ArrowLeft: () => show(previous),
    ArrowRight: () => show(next),
    e: () => mark(picture?.mark?.excluded ? null : { excluded: true }),
    h: () => canLook && picture && toggle(),
  });
  const name = picture?.file ?? `Picture ${index}`;
  const taken = picture?.predicted === undefined ? "" : `, taken for ${picture.predicted}`;
  const step = (label: string, sign: string, other: number | undefined) => (
    <button type="button" aria-disabled={other === undefined} onClick={() => show(other)} aria-label={label}>
      {sign}
    </button>
  );
  const buttons = (
    <>
      {step("Previous picture", "←", previous)}
      {step("Next picture", "→", next)}
      <button type="button" onClick={leave}>
        Close
      </button>
    </>
  );
  return (
    <Dialog
      title={name}
      kind="picture"
      onClose={leave}
      returnTo={() => document.querySelector<HTMLElement>(`.tile[data-index="${index}"]`)}
      buttons={buttons}
    >
      {error && <Notes notes={[error]} kind="error" />}
      {!picture && !error && <Loading />}
      {picture && (
        <div class="sides">
          <img
            class={picture.file === null ? "pixels" : undefined}
            src={isShown ? heat.answer?.overlay : `${address}/image?side=1024`}
            alt={`${isShown ? "Heat map of " : ""}${name}, of class ${picture.class}${taken}`}
          />
          <div>
            <Facts picture={picture} />
            {canLook && (
              <button
                type="button"
                aria-pressed={isShown}
                aria-keyshortcuts="h"
                aria-disabled={heat.isAsked}
                onClick={toggle}
              >
                {heat.isAsked ? "Looking…" : "Where does it look?"}
              </button>
            )}
            {heat.answer && <Bars top={heat.answer.top} />}
            {heat.fault && <Notes notes={[heat.fault]} kind="error" />}
            <Marking picture={picture} classes={classes} onChoose={mark} />
          </div>
        </div>
      )}
      <Toasts />
    </Dialog>
  );
}

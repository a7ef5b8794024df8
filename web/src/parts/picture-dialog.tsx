import { useEffect, useRef, useState } from "preact/hooks";
import type { Classified, MarkAnswer, Note, ShownPicture } from "../../../src/serving/dashboard/api.ts";
import { figure, percent } from "../format.ts";
import { markPhoto, markText } from "../marks.ts";
import { go, withQuery } from "../router.ts";
import { noteOf, runApi, send, useResource } from "../server.ts";
import { Bars } from "./bars.tsx";
import { Loading, Notes } from "./notes.tsx";
import { useKeys } from "./shortcuts.tsx";
import { Toasts } from "./toast.tsx";

/** What the dialog is given. */
export interface PictureDialogProps {
  readonly run: string;
  readonly index: number;
  readonly classes: readonly string[];
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

function useHeatMap(run: string, index: number): { heat: HeatMap; ask: () => void } {
  const [heat, setHeat] = useState<HeatMap>({});
  // another picture has another map
  useEffect(() => setHeat({}), [run, index]);
  const ask = (): void => {
    setHeat({ isAsked: true });
    send<Classified>("POST", runApi(run, `pictures/${index}/classify`)).then(
      (answer) => setHeat({ answer }),
      (error: unknown) => setHeat({ fault: noteOf(error) }),
    );
  };
  return { heat, ask };
}

interface MarkingProps extends Pick<PictureDialogProps, "classes"> {
  readonly picture: ShownPicture;
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

function Facts({ picture }: { picture: ShownPicture }) {
  const isRight = picture.class === picture.predicted;
  return (
    <dl class="facts">
      <dt>Class</dt>
      <dd>{picture.class}</dd>
      <dt>Taken for</dt>
      <dd class={isRight ? "right" : "wrong"}>
        {isRight ? "✓" : "✗"} {picture.predicted} <small>{percent(picture.probability)}</small>
      </dd>
      <dt>Loss</dt>
      <dd>{figure(picture.loss)}</dd>
    </dl>
  );
}

/** A picture of the gallery, large. */
export function PictureDialog({ run, index, classes, previous, next, onMark }: PictureDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const { data, error } = useResource<ShownPicture>(runApi(run, `pictures/${index}`));
  const [changed, setChanged] = useState<{ index: number; mark: MarkAnswer | null }>();
  const { heat, ask } = useHeatMap(run, index);
  const picture = data && changed?.index === index ? { ...data, mark: changed.mark } : data;
  const show = (other: number | undefined): void => {
    if (other !== undefined) go(withQuery({ picture: other }), { replace: true });
  };
  const mark = (chosen: MarkAnswer | null): void => {
    if (!picture?.file) return;
    void markPhoto({ run, file: picture.file, mark: chosen }, (now) => {
      setChanged({ index, mark: now });
      onMark(index, now);
    });
  };
  useEffect(() => dialog.current?.showModal(), []);
  useKeys({
    ArrowLeft: () => show(previous),
    ArrowRight: () => show(next),
    e: () => mark(picture?.mark?.excluded ? null : { excluded: true }),
  });
  const name = picture?.file ?? `Picture ${index}`;
  return (
    <dialog
      ref={dialog}
      class="picture"
      aria-labelledby="picture-title"
      onCancel={(event) => {
        event.preventDefault();
        leave();
      }}
    >
      <header>
        <h2 id="picture-title">{name}</h2>
        <button
          type="button"
          disabled={previous === undefined}
          onClick={() => show(previous)}
          aria-label="Previous picture"
        >
          ←
        </button>
        <button type="button" disabled={next === undefined} onClick={() => show(next)} aria-label="Next picture">
          →
        </button>
        <button type="button" onClick={leave}>
          Close
        </button>
      </header>
      {error && <Notes notes={[error]} kind="error" />}
      {!picture && !error && <Loading />}
      {picture && (
        <div class="sides">
          <img
            class={picture.file === null ? "pixels" : undefined}
            src={heat.answer?.overlay ?? runApi(run, `pictures/${index}/image?side=1024`)}
            alt={`${heat.answer ? "Heat map of " : ""}${name}, of class ${picture.class}, taken for ${picture.predicted}`}
          />
          <div>
            <Facts picture={picture} />
            {heat.answer ? (
              <Bars top={heat.answer.top} />
            ) : (
              <button type="button" disabled={heat.isAsked} onClick={ask}>
                {heat.isAsked ? "Looking…" : "Where does it look?"}
              </button>
            )}
            {heat.fault && <Notes notes={[heat.fault]} kind="error" />}
            <Marking picture={picture} classes={classes} onChoose={mark} />
          </div>
        </div>
      )}
      <Toasts />
    </dialog>
  );
}

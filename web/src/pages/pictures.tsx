import type { RunReport, ShownPicture } from "../../../src/serving/dashboard/api.ts";
import { count, counted, percent } from "../format.ts";
import { Confusion } from "../parts/confusion.tsx";
import { Choice, openPicture, Tile, Tiles, useGallery } from "../parts/gallery.tsx";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { PerClass } from "../parts/per-class.tsx";
import { PictureDialog } from "../parts/picture-dialog.tsx";
import { tell } from "../parts/toast.tsx";
import { noteOf, runApi, send, useResource } from "../server.ts";
import type { TabProps } from "./run.tsx";

const ONLY = [
  ["", "All"],
  ["wrong", "Wrong only"],
  ["right", "Right only"],
  ["marked", "Marked"],
] as const;
const ORDERS = [
  ["loss", "Highest loss first"],
  ["sure", "Surest first"],
  ["unsure", "Least sure first"],
  ["data", "As in the data"],
] as const;

function ShownTile({ run, picture }: { run: string; picture: ShownPicture }) {
  const isRight = picture.class === picture.predicted;
  return (
    <Tile run={run} place="pictures" picture={picture} isWrong={!isRight}>
      <span class="verdict">
        {isRight ? "✓" : "✗"} {picture.predicted} <small>{percent(picture.probability, 1)}</small>
      </span>
      {!isRight && <span class="truth">is {picture.class}</span>}
    </Tile>
  );
}

function Gallery({ run, report }: { run: string; report: RunReport }) {
  const gallery = useGallery<ShownPicture>(runApi(run, "pictures"), ["class", "predicted", "only", "order"]);
  const { pages, change } = gallery;
  const names = report.classes.map((name) => [name, name] as const);
  const open = openPicture(pages?.pictures);
  return (
    <section aria-label="Gallery">
      <div class="bar filters">
        <Choice name="class" label="Class" options={[["", "All"], ...names]} />
        <Choice name="predicted" label="Taken for" options={[["", "All"], ...names]} />
        <Choice name="only" label="Show" options={report.hasFiles ? ONLY : ONLY.slice(0, 3)} />
        <Choice name="order" label="Order" options={ORDERS} />
        <p class="faint" role="status">
          {pages && counted(pages.total, "picture")}
        </p>
      </div>
      <Tiles
        gallery={gallery}
        choices={["class", "predicted", "only"]}
        tile={(picture) => <ShownTile key={picture.index} run={run} picture={picture} />}
      />
      {open && (
        <PictureDialog
          {...{ run, place: "pictures", classes: report.classes, ...open, canLook: true, onMark: change }}
        />
      )}
    </section>
  );
}

function Evaluated({ id, hasMarks }: { id: string; hasMarks: boolean }) {
  const { data: report, error } = useResource<RunReport>(runApi(id, "report"));
  if (error) return <Notes notes={[error]} kind="error" />;
  if (!report) return <Loading what="Reading predictions" />;
  return (
    <>
      <div class="pair">
        <Confusion report={report} />
        <PerClass report={report} />
      </div>
      {hasMarks && report.hasFiles && (
        <p>
          <a href={`/marks?run=${encodeURIComponent(id)}`}>Corrected labels of this data set</a>
        </p>
      )}
      <Gallery run={id} report={report} />
    </>
  );
}

/** What the network makes of its validation set: figures, confusion matrix and pictures. */
export function Pictures({ run }: TabProps) {
  const { state, done, total, error } = run.company.evaluation;
  const evaluate = (): void => {
    send("POST", runApi(run.id, "evaluation")).catch((thrown: unknown) => tell(noteOf(thrown).message));
  };
  const button = (text: string) => (
    <button type="button" class="primary" onClick={evaluate}>
      {text}
    </button>
  );
  if (state === "running") {
    return (
      <div class="empty">
        <h2>Evaluating</h2>
        <progress aria-label="Evaluated pictures" value={total === 0 ? undefined : done} max={total || 1} />
        <p class="faint" role="status">
          {total === 0 ? "Opening network and data" : `${count(done)} of ${count(total)} pictures`}
        </p>
      </div>
    );
  }
  if (!run.company.hasWeights && state === "none") {
    return (
      <Empty title="No weights yet">
        <p>Pictures and confusion matrix can be made as soon as the run has saved its weights.</p>
      </Empty>
    );
  }
  if (state === "none" || state === "failed") {
    return (
      <Empty title={error ? error.message : "Not evaluated yet"}>
        <p>
          {error ? error.hint : "The network looks at each picture of its validation set once; the answers are kept."}
        </p>
        <p>{button(error ? "Try again" : "Evaluate the run")}</p>
      </Empty>
    );
  }
  return (
    <>
      {state === "stale" && (
        <div class="notes warning">
          <strong>The weights are newer than these predictions.</strong> {button("Evaluate again")}
        </div>
      )}
      <Evaluated key={state} id={run.id} hasMarks />
    </>
  );
}

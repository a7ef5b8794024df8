import { useEffect, useState } from "preact/hooks";
import type { MarkAnswer, PicturePage, RunReport, ShownPicture } from "../../../src/serving/dashboard/api.ts";
import { count, counted, percent } from "../format.ts";
import { markText } from "../marks.ts";
import { Confusion } from "../parts/confusion.tsx";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { PerClass } from "../parts/per-class.tsx";
import { PictureDialog } from "../parts/picture-dialog.tsx";
import { tell } from "../parts/toast.tsx";
import { go, query, withQuery } from "../router.ts";
import { ask, noteOf, runApi, send, useResource } from "../server.ts";
import type { TabProps } from "./run.tsx";

const PAGE = 60;
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

function Choice({
  name,
  label,
  options,
}: {
  name: string;
  label: string;
  options: readonly (readonly [string, string])[];
}) {
  return (
    <label class="choice">
      {label}
      <select
        value={query.value.get(name) ?? options[0]?.[0]}
        onChange={(event) => {
          const value = event.currentTarget.value;
          go(withQuery({ [name]: value === options[0]?.[0] ? null : value, picture: null }));
        }}
      >
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

function Tile({ run, picture }: { run: string; picture: ShownPicture }) {
  const { index, predicted, probability, mark, file } = picture;
  const isRight = picture.class === predicted;
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(withQuery({ picture: index }), { state: { isOpened: true } });
  };
  return (
    <li>
      <a href={withQuery({ picture: index })} class={`tile ${isRight ? "" : "wrong"}`} onClick={open}>
        <img
          class={file === null ? "pixels" : undefined}
          src={runApi(run, `pictures/${index}/image?side=256`)}
          alt={file?.split("/").at(-1) ?? `picture ${index}`}
          loading="lazy"
        />
        <span class="verdict">
          {isRight ? "✓" : "✗"} {predicted} <small>{percent(probability, 1)}</small>
        </span>
        {!isRight && <span class="truth">is {picture.class}</span>}
        {mark && <span class="flag">{markText(mark)}</span>}
      </a>
    </li>
  );
}

/** The selection that the address names, as far as it is loaded. */
function useGallery(run: string) {
  const [pages, setPages] = useState<{ key: string; total: number; pictures: readonly ShownPicture[] }>();
  const [fault, setFault] = useState<ReturnType<typeof noteOf>>();
  const params = new URLSearchParams();
  for (const name of ["class", "predicted", "only", "order"]) {
    const value = query.value.get(name);
    if (value) params.set(name, value);
  }
  const key = params.toString();
  const load = (offset: number, isGone: () => boolean = () => false): void => {
    ask<PicturePage>(runApi(run, `pictures?${key}&limit=${PAGE}&offset=${offset}`)).then(
      ({ total, pictures }) => {
        if (isGone()) return;
        setFault(undefined);
        setPages((before) => ({
          key,
          total,
          pictures: offset === 0 ? pictures : [...(before?.pictures ?? []), ...pictures],
        }));
      },
      (error: unknown) => setFault(noteOf(error)),
    );
  };
  // `key` is all that `load` depends on
  useEffect(() => {
    let gone = false;
    load(0, () => gone);
    return () => {
      gone = true;
    };
  }, [run, key]);
  const change = (index: number, mark: MarkAnswer | null): void =>
    setPages(
      (before) =>
        before && {
          ...before,
          pictures: before.pictures.map((picture) => (picture.index === index ? { ...picture, mark } : picture)),
        },
    );
  return {
    pages: pages?.key === key ? pages : undefined,
    fault,
    more: () => load(pages?.pictures.length ?? 0),
    change,
  };
}

function Gallery({ run, report }: { run: string; report: RunReport }) {
  const { pages, fault, more, change } = useGallery(run);
  const names = report.classes.map((name) => [name, name] as const);
  const shown = Number(query.value.get("picture") ?? Number.NaN);
  const at = pages?.pictures.findIndex(({ index }) => index === shown) ?? -1;
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
      {fault && <Notes notes={[fault]} kind="error" />}
      {!pages && !fault && <Loading />}
      {pages?.total === 0 && (
        <Empty title="No picture is like that">
          <a class="button" href={withQuery({ class: null, predicted: null, only: null, picture: null })}>
            Show all pictures
          </a>
        </Empty>
      )}
      <ul class="gallery">
        {pages?.pictures.map((picture) => (
          <Tile key={picture.index} run={run} picture={picture} />
        ))}
      </ul>
      {pages && pages.pictures.length < pages.total && (
        <p class="more">
          <button type="button" onClick={more}>
            Show more of {count(pages.total)}
          </button>
        </p>
      )}
      {!Number.isNaN(shown) && (
        <PictureDialog
          run={run}
          index={shown}
          classes={report.classes}
          previous={at > 0 ? pages?.pictures[at - 1]?.index : undefined}
          next={at === -1 ? undefined : pages?.pictures[at + 1]?.index}
          onMark={change}
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
  const { state, done, total, error } = run.evaluation;
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
  if (!run.hasWeights && state === "none") {
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

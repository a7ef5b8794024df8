import { useEffect, useState } from "preact/hooks";
import type { DataPart, DataPicture, DataSummary } from "../../../src/serving/dashboard/api.ts";
import { count, counted } from "../format.ts";
import { Choice, openPicture, Tile, Tiles, useGallery } from "../parts/gallery.tsx";
import { Loading, Notes } from "../parts/notes.tsx";
import { PictureDialog } from "../parts/picture-dialog.tsx";
import { go, query, withQuery } from "../router.ts";
import { runApi, useResource } from "../server.ts";
import type { TabProps } from "./run.tsx";

const PARTS: readonly (readonly [DataPart, string])[] = [
  ["train", "Training"],
  ["val", "Validation"],
];
const ONLY = [
  ["", "All"],
  ["marked", "Marked"],
  ["relabelled", "With another label"],
  ["excluded", "Left out"],
] as const;
/** Milliseconds without typing before names are looked for. */
const PAUSE = 250;

/** Looks for pictures by a part of their name. */
function NameFilter() {
  const given = query.value.get("name") ?? "";
  const [text, setText] = useState(given);
  useEffect(() => setText(given), [given]);
  useEffect(() => {
    if (text === given) return;
    const timer = setTimeout(() => go(withQuery({ name: text, picture: null }), { replace: true }), PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <label class="choice">
      File name
      <input type="search" value={text} onInput={(event) => setText(event.currentTarget.value)} />
    </label>
  );
}

interface PartProps extends Pick<TabProps, "run"> {
  readonly part: DataPart;
  readonly data: DataSummary;
}

function Part({ run, part, data: { classes, counts, hasFiles } }: PartProps) {
  const place = `data/${part}`;
  const gallery = useGallery<DataPicture>(runApi(run.id, place), ["class", "only", "name"]);
  const { pages, change } = gallery;
  const names = classes.map((name, at) => [name, `${name} (${count(counts[part][at] ?? 0)})`] as const);
  const open = openPicture(pages?.pictures);
  return (
    <section aria-label={part === "train" ? "Pictures to train with" : "Pictures to validate with"}>
      <div class="bar filters">
        <Choice name="part" label="Part" options={PARTS} />
        <Choice name="class" label="Class" options={[["", "All"], ...names]} />
        {hasFiles && <Choice name="only" label="Show" options={ONLY} />}
        {hasFiles && <NameFilter />}
        <p class="faint" role="status">
          {pages && counted(pages.total, "picture")}
        </p>
      </div>
      <Tiles
        gallery={gallery}
        choices={["class", "only", "name"]}
        tile={(picture) => (
          <Tile key={picture.index} run={run.id} place={place} picture={picture}>
            <span class="name">{picture.class}</span>
          </Tile>
        )}
      />
      {open && (
        <PictureDialog {...{ run: run.id, place, classes, ...open, canLook: run.company.hasWeights, onMark: change }} />
      )}
    </section>
  );
}

/** The run's data set: the pictures as they are before any augmentation, with what people said of them. */
export function Data({ run }: TabProps) {
  const { data, error } = useResource<DataSummary>(run.state === "starting" ? null : runApi(run.id, "data"));
  const part = query.value.get("part") === "val" ? "val" : "train";
  if (error) return <Notes notes={[error]} kind="error" />;
  if (!data) return <Loading what="Looking at the data set" />;
  const sum = (of: readonly number[]): string => count(of.reduce((total, one) => total + one, 0));
  return (
    <>
      <p class="faint">
        {sum(data.counts.train)} pictures to train with, {sum(data.counts.val)} to validate with, in{" "}
        {count(data.classes.length)} classes. They are shown as they are, before any augmentation.{" "}
        {data.hasFiles && <a href={`/marks?run=${encodeURIComponent(run.id)}`}>Corrected labels of this data set</a>}
      </p>
      <Part key={part} run={run} part={part} data={data} />
    </>
  );
}

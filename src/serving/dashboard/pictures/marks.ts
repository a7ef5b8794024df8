/** Corrections of labels: one after the other, each written whole. */
import { writeFileAtomic } from "../../../atomic-file.ts";
import { formatMarks, type Mark, type Marks, readMarks, writableMarksFile } from "../../../data/index.ts";
import { UserError } from "../../../errors.ts";
import { lookup } from "../../../lookup.ts";
import type { MarkChange, MarkList } from "../api.ts";
import { type PhotoPlace, type PicturePlace, photoFile } from "./data-set.ts";

/** What people said of a data set's photos, by name; nothing of pictures that are in no files. */
export const marksOf = async (place: PicturePlace): Promise<Marks> =>
  place.kind === "photos" ? (await readMarks(place.root)).marks : {};

/** What was said of the photos. */
export async function listMarks(place: PhotoPlace): Promise<MarkList> {
  const { marks, file } = await readMarks(place.root);
  const list = Object.entries(marks).map(([name, mark]) => ({ name, class: place.classOf.get(name) ?? null, mark }));
  return { file, marks: list.toSorted((a, b) => (a.name < b.name ? -1 : 1)) };
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Says something of a photo, or with null nothing any more; what was said before is the answer. A label that is the photo's own
 * takes the mark away. A name outside the data set is refused (403), an unknown class is a `UserError`.
 */
export function changeMark(place: PhotoPlace, name: string, mark: Mark | null): Promise<MarkChange> {
  const change = last.catch(() => {}).then(() => writeMark(place, name, mark));
  last = change;
  return change;
}

async function writeMark(place: PhotoPlace, name: string, mark: Mark | null): Promise<MarkChange> {
  photoFile(place, name);
  if (mark && !mark.excluded && !place.classes.includes(mark.label)) {
    throw new UserError(`class "${mark.label}": expected one of ${place.classes.join(", ")}.`, "Choose one of them.");
  }
  const { marks } = await readMarks(place.root);
  const before = lookup(marks, name) ?? null;
  const isOwn = mark && !mark.excluded && mark.label === place.classOf.get(name);
  const { [name]: _, ...others } = marks;
  const after: Marks = mark && !isOwn ? { ...others, [name]: mark } : others;
  await writeFileAtomic(await writableMarksFile(place.root), formatMarks(after));
  return { before };
}

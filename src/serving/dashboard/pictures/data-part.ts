/** The pictures of a part of a data set, as they are before any augmentation, by class and by what people said of them. */
import { z } from "zod";
import type { Marks } from "../../../data/index.ts";
import { lookup } from "../../../lookup.ts";
import type { DataPart, DataPicture, DataSummary, PicturePage } from "../api.ts";
import type { PicturePlace } from "./data-set.ts";

/** The query of a page of a data set's pictures. */
export const dataSelectionSchema = z.object({
  class: z.string().optional(),
  only: z.enum(["marked", "relabelled", "excluded"]).optional(),
  /** A part of the file's name. */
  name: z.string().optional(),
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(60),
});

/** What is asked for. */
export type DataSelection = z.infer<typeof dataSelectionSchema>;

/** A picture of a data set by its place; undefined if there is none. */
export function dataPicture(
  place: PicturePlace,
  part: DataPart,
  { index, marks }: { readonly index: number; readonly marks: Marks },
): DataPicture | undefined {
  const { names, labels } = place.parts[part];
  const label = labels[index];
  if (label === undefined) return undefined;
  const file = names?.[index] ?? null;
  const mark = file === null ? null : (lookup(marks, file) ?? null);
  return { index, file, class: place.classes[label] ?? String(label), mark };
}

/** The pictures that fit, in the order of the data set. */
export function selectDataPictures(
  place: PicturePlace,
  part: DataPart,
  { marks, ...selection }: DataSelection & { readonly marks: Marks },
): PicturePage<DataPicture> {
  const { class: wanted, only, name, offset, limit } = selection;
  const { names, labels } = place.parts[part];
  const label = wanted === undefined ? undefined : place.classes.indexOf(wanted);
  const text = name?.toLowerCase();
  const fits = (index: number): boolean => {
    if (label !== undefined && labels[index] !== label) return false;
    const file = names?.[index];
    if (text && !file?.toLowerCase().includes(text)) return false;
    if (only === undefined) return true;
    const mark = file === undefined ? undefined : lookup(marks, file);
    return only === "marked" ? mark !== undefined : mark !== undefined && (only === "excluded") === !!mark.excluded;
  };
  const chosen: number[] = [];
  for (let index = 0; index < labels.length; index++) if (fits(index)) chosen.push(index);
  const pictures = chosen
    .slice(offset, offset + limit)
    .flatMap((index) => dataPicture(place, part, { index, marks }) ?? []);
  return { total: chosen.length, offset, pictures };
}

/** What is in the data set. */
export function summaryOf({ kind, classes, parts }: PicturePlace): DataSummary {
  const counted = (part: DataPart): number[] => {
    const counts = classes.map(() => 0);
    for (const label of Array.from(parts[part].labels)) counts[label] = (counts[label] ?? 0) + 1;
    return counts;
  };
  return { classes, counts: { train: counted("train"), val: counted("val") }, hasFiles: kind === "photos" };
}

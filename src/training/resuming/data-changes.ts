/** Which photos a run was made on, and what has changed since. */
import type { IdxData, PhotoData } from "../../data/index.ts";

/** A photo as `photos.jsonl` has it, a line each. */
interface ListedPhoto {
  readonly split: string;
  readonly name: string;
  /** Its class. */
  readonly label: string;
  /** The first digits of the content's SHA-256. */
  readonly sha256: string;
}

const DIGITS = 16;
/** Names that are told; the rest is counted. */
const TOLD = 5;

function listedPhotos(data: IdxData): ListedPhoto[] | undefined {
  const { photos } = data as Partial<PhotoData>;
  const { classes } = data.train;
  return photos?.map(({ split, name, label, sha256 }) => ({
    ...{ split, name, label: classes[label] ?? "" },
    sha256: sha256.slice(0, DIGITS),
  }));
}

/** The text of `photos.jsonl`; undefined for data that are no photos. */
export const photoList = (data: IdxData): string | undefined =>
  listedPhotos(data)
    ?.map((photo) => `${JSON.stringify(photo)}\n`)
    .join("");

/** What differs between the photos in the text of `photos.jsonl` and those of now: a sentence for people. */
export function dataChanges(before: string | undefined, data: IdxData): string {
  const after = listedPhotos(data);
  const old = before === undefined ? undefined : parseList(before);
  if (!after || !old) return `The data are not those of before: ${data.source}.`;
  const [was, is] = [old, after].map(
    (photos) => new Map(photos.map((photo) => [`${photo.split}/${photo.name}`, photo])),
  );
  const names = (
    from: typeof was,
    keep: (photo: ListedPhoto, other: ListedPhoto | undefined) => boolean,
    to: typeof was,
  ) => [...(from ?? [])].filter(([key, photo]) => keep(photo, to?.get(key))).map(([, { name }]) => name);
  const parts = [
    ["added", names(is, (_, other) => !other, was)],
    ["removed", names(was, (_, other) => !other, is)],
    ["changed", names(is, ({ sha256 }, other) => other !== undefined && other.sha256 !== sha256, was)],
    ["with another label", names(is, ({ label }, other) => other !== undefined && other.label !== label, was)],
  ] as const;
  const told = parts
    .filter(([, list]) => 0 < list.length)
    .map(([what, list]) => `${list.length} ${what} (${listed(list)})`);
  return `The photos are not those of before: ${told.join(", ") || "their order or classes differ"}.`;
}

function listed(names: readonly string[]): string {
  const rest = names.length - TOLD;
  return 0 < rest ? `${names.slice(0, TOLD).join(", ")} and ${rest} more` : names.join(", ");
}

function parseList(text: string): ListedPhoto[] | undefined {
  try {
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as ListedPhoto);
  } catch {
    return undefined; // a list that somebody changed says nothing
  }
}

/** Which photos a run was made on, and what has changed since. */
import { fewOf } from "../../checkpoint/index.ts";
import type { IdxData, PhotoData } from "../../data/index.ts";
import { parseJson } from "../../json.ts";

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
  const [was, is] = [old, after].map(photosByPlace) as [PhotosByPlace, PhotosByPlace];
  const names = (from: PhotosByPlace, to: PhotosByPlace, isMeant: (photo: ListedPhoto, places: Places) => boolean) =>
    [...from.values()]
      .filter((photo) => isMeant(photo, { same: to.get(placeOf(photo)), other: to.get(placeOf(movedOf(photo))) }))
      .map(({ name }) => name);
  const isMoved = (split: string) => (photo: ListedPhoto, places: Places) =>
    photo.split === split && !places.same && places.other !== undefined;
  const nowMeasured = names(is, was, isMoved("val"));
  const parts = [
    ["added", names(is, was, (_, { same, other }) => !same && !other)],
    ["removed", names(was, is, (_, { same, other }) => !same && !other)],
    ["changed", names(is, was, ({ sha256 }, { same }) => same !== undefined && same.sha256 !== sha256)],
    ["with another label", names(is, was, ({ label }, { same }) => same !== undefined && same.label !== label)],
    ["from training to validation", nowMeasured],
    ["from validation to training", names(is, was, isMoved("train"))],
  ] as const;
  const told = parts
    .filter(([, list]) => 0 < list.length)
    .map(([what, list]) => `${list.length} ${what} (${fewOf(list, { few: TOLD })})`);
  const sentence = `The photos are not those of before: ${told.join(", ") || "their order or classes differ"}.`;
  return nowMeasured.length === 0 ? sentence : `${sentence} ${TOO_GOOD}`;
}

type PhotosByPlace = ReadonlyMap<string, ListedPhoto>;

/** Where a photo is in another list. */
interface Places {
  /** In the same split. */
  readonly same: ListedPhoto | undefined;
  /** In the other one. */
  readonly other: ListedPhoto | undefined;
}

/** What photos mean that the run has learnt by heart and is now measured on. */
const TOO_GOOD =
  "Photos that were trained on and are now for validation make the accuracy look too good; folders train and val keep a division.";

const placeOf = ({ split, name }: ListedPhoto): string => `${split}/${name}`;
const movedOf = (photo: ListedPhoto): ListedPhoto => ({ ...photo, split: photo.split === "val" ? "train" : "val" });
const photosByPlace = (photos: readonly ListedPhoto[]): PhotosByPlace =>
  new Map(photos.map((photo) => [placeOf(photo), photo]));

function parseList(text: string): ListedPhoto[] | undefined {
  try {
    const lines = text.split("\n").filter((line) => line !== "");
    return lines.map((line) => parseJson(line) as ListedPhoto);
  } catch {
    return undefined; // a list that somebody changed says nothing
  }
}

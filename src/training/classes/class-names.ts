/** How the names of classes are compared. */

/** The same text, however its accents are composed. */
export const composed = (name: string): string => name.normalize("NFC");

/** What is left of a name without what people and systems write differently: case, blanks, dashes and underscores. */
const rough = (name: string): string =>
  composed(name)
    .toLowerCase()
    .replace(/[\s_-]+/g, "");

/** The name among `names` that differs from `name` in case, blanks, dashes and underscores alone. */
export const similarName = (name: string, names: readonly string[]): string | undefined =>
  names.find((other) => rough(other) === rough(name));

/** The place of each name among `names`, which may be composed otherwise; undefined for one that is not there. */
export function placesOf(wanted: readonly string[], names: readonly string[]): (number | undefined)[] {
  const places = new Map(names.map((name, place) => [composed(name), place]));
  return wanted.map((name) => places.get(composed(name)));
}

/** The whole number that a name is, such as 7 of `7` and `007`. */
export const numberOf = (name: string): number | undefined => (/^\d{1,9}$/.test(name) ? Number(name) : undefined);

/** Whether the names are the numbers from 0 on, in their order, as of a file that does not name its classes. */
export const areNumbers = (names: readonly string[]): boolean => names.every((name, place) => name === String(place));

/** JSON whose whole numbers keep all their digits: those that a double does not hold are a bigint. */

/** Begins the text that stands for a whole number of many digits while JSON is read or written. */
const MARK = "\u0001";
/** A text, or a number, of JSON. */
const TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;
const WHOLE = /^-?\d+$/;
const WRITTEN = /"\\u0001(-?\d+)"/g;

/** Reads JSON. With `exact` a whole number beyond ±(2⁵³ − 1) is a text of its digits that `wholeOf` reads. */
export function parseJson(text: string, { exact }: { exact: boolean }): unknown {
  if (!exact || !/\d{16}/.test(text)) return JSON.parse(text);
  const marked = text.replace(TOKEN, (token) =>
    WHOLE.test(token) && !Number.isSafeInteger(Number(token)) ? `"\\u0001${token}"` : token,
  );
  return JSON.parse(marked);
}

/** The whole number that a text of `parseJson` stands for; undefined for anything else. */
export const wholeOf = (value: unknown): bigint | undefined =>
  typeof value === "string" && value.startsWith(MARK) && WHOLE.test(value.slice(1))
    ? BigInt(value.slice(1))
    : undefined;

/** A whole number as `writeJson` takes it: a number, or a marked text of its digits where a number would lose some. */
export function writtenWhole(value: bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : `${MARK}${value}`;
}

/** Writes JSON, marked whole numbers as numbers. */
export const writeJson = (value: unknown): string => JSON.stringify(value).replace(WRITTEN, "$1");

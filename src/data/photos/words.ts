/** Names as errors and reports list them. */
import { brief } from "../../harmless.ts";

/** How many names are listed before the rest is counted. */
const LISTED = 3;

/** `"a", "b", "c" and 4 more` */
export function listed(names: readonly string[], most = LISTED): string {
  const shown = names.slice(0, most).map((name) => `"${brief(name)}"`);
  const rest = names.length - shown.length;
  return rest === 0 ? joined(shown) : `${shown.join(", ")} and ${rest} more`;
}

const joined = (words: readonly string[]): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;

/** `1 file`, `3 files`, `1,200 files` */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;

/** `1 photo`, `3 photos` */
export const photosOf = (count: number): string => counted(count, "photo");

/** `is` or `are` */
export const are = (count: number): string => (count === 1 ? "is" : "are");

/** Characters that no shell reads as anything but themselves. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as the shell has to be given it: in single quotes where it holds blanks or signs. */
export const shellWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

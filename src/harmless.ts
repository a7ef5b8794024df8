/** Texts from files, which people look at: in a terminal, a log or a page. */

/** What steers a terminal or turns the direction of text around, without the ends of lines and tabs that texts have. */
const STEERING = /(?![\t\n])[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** A text with what steers a terminal in it written out, such as `\\u001b`: names in files may hold anything. */
export const harmless = (text: string): string =>
  text.replaceAll(STEERING, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** Characters of a name or value that messages show. */
const LONGEST = 80;

/** A text, cut where it is long. */
export const brief = (text: string, most = LONGEST): string =>
  text.length <= most ? text : `${text.slice(0, most).replace(/[\ud800-\udbff]$/, "")}…`;

/** A value of a JSON file as messages show it: as JSON, cut where it is long. */
export const shownValue = (value: unknown, most = LONGEST): string => brief(JSON.stringify(value) ?? "nothing", most);

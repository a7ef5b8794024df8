/** Reading CSV (RFC 4180): values between commas (or tabs), or between double quotes, in which "" stands for one. */
import { UserError } from "../../../errors.ts";

/** One record, and the number of the line on which it begins, from 1. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/** What stands between values. */
export type Separator = "," | "\t";

/** A value without quotes. */
const PLAIN: Readonly<Record<Separator, RegExp>> = { ",": /[^",\r\n]*/y, "\t": /[^"\t\r\n]*/y };

const QUOTE = '"';
const LINE_FEED = 10;

/** A value, and where it and what ends it do. */
interface Cell {
  readonly text: string;
  readonly next: number;
  readonly end: Separator | "line";
}

/** The records of a text; empty lines are left out. Quotes and ends of lines that cannot be read are a `UserError`. */
export function parseCsv(content: string, name: string, separator: Separator = ","): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let line = 1;
  let began = 1;
  for (let at = 0; at < content.length || 0 < cells.length; ) {
    const cell = cellAt(content, at, separator);
    if (!cell) throw unreadable(content, at, { where: `"${name}" line ${line}`, separator });
    cells.push(cell.text);
    line += lineFeeds(content, at, cell.next);
    at = cell.next;
    if (cell.end === separator) continue;
    if (1 < cells.length || cells[0] !== "") records.push({ cells, line: began });
    cells = [];
    began = line;
  }
  return records;
}

function cellAt(content: string, at: number, separator: Separator): Cell | undefined {
  const behind = endOfValue(content, at, separator);
  if (behind === undefined) return undefined;
  const isQuoted = content[at] === QUOTE;
  const text = isQuoted ? content.slice(at + 1, behind - 1).replaceAll('""', QUOTE) : content.slice(at, behind);
  if (content[behind] === separator) return { text, next: behind + 1, end: separator };
  if (behind === content.length) return { text, next: behind, end: "line" };
  const width = content[behind] === "\n" ? 1 : content.startsWith("\r\n", behind) ? 2 : undefined;
  return width && { text, next: behind + width, end: "line" };
}

/** Behind the value that begins at `at`; undefined where a double quote is not closed. */
function endOfValue(content: string, at: number, separator: Separator): number | undefined {
  if (content[at] === QUOTE) {
    let close = content.indexOf(QUOTE, at + 1);
    while (close !== -1 && content[close + 1] === QUOTE) close = content.indexOf(QUOTE, close + 2);
    return close === -1 ? undefined : close + 1;
  }
  const pattern = PLAIN[separator];
  pattern.lastIndex = at;
  pattern.test(content);
  return pattern.lastIndex;
}

/** How many lines end in a part of a text, which is never looked at beyond its end: the next line may be megabytes away. */
function lineFeeds(content: string, from: number, to: number): number {
  let count = 0;
  for (let at = from; at < to; at++) if (content.charCodeAt(at) === LINE_FEED) count++;
  return count;
}

/** What is wrong where no value can be read. */
function unreadable(
  content: string,
  at: number,
  { where, separator }: { where: string; separator: Separator },
): UserError {
  const between = separator === "," ? "commas" : "tabs";
  const behind = endOfValue(content, at, separator) ?? content.length;
  if (content[behind] === "\r")
    return new UserError(
      `${where}: expected lines that end in a line feed but one ends in a carriage return alone.`,
      "Save the file with the ends of lines of Unix or Windows.",
    );
  const isQuoted = content[at] === QUOTE;
  const isBlank = isQuoted ? /[ \t]/.test(content[behind] ?? "") : /^[ \t]+$/.test(content.slice(at, behind));
  if (isBlank && (isQuoted || content[behind] === QUOTE))
    return new UserError(
      `${where}: expected values right between ${between} but there is a blank beside a double quote.`,
      `Remove the blanks between ${between} and quotes.`,
    );
  return new UserError(
    `${where}: expected values between ${between} but a double quote stands out of place.`,
    'Put values with quotes in them between double quotes, and write each quote in them twice: "".',
  );
}

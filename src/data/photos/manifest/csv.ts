/** Reading CSV (RFC 4180): values between commas (or tabs), or between double quotes, in which "" stands for one. */
import { UserError } from "../../../errors.ts";

/** One record, and the number of the line on which it begins, from 1. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/** What stands between values. */
export type Separator = "," | "\t";

/** A value, quoted or not, and what ends it. */
const CELLS: Readonly<Record<Separator, RegExp>> = {
  ",": /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y,
  "\t": /(?:"((?:[^"]|"")*)"|([^"\t\r\n]*))(\t|\r?\n|$)/y,
};

/** The records of a text; empty lines are left out. Quotes and ends of lines that cannot be read are a `UserError`. */
export function parseCsv(content: string, name: string, separator: Separator = ","): CsvRecord[] {
  const records: CsvRecord[] = [];
  const pattern = CELLS[separator];
  let cells: string[] = [];
  let line = 1;
  let began = 1;
  pattern.lastIndex = 0;
  while (pattern.lastIndex < content.length || 0 < cells.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(content);
    if (!match) throw unreadable(content.slice(at), `"${name}" line ${line}`, separator);
    const [whole, quoted, plain = "", end] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    if (end === separator) continue;
    if (1 < cells.length || cells[0] !== "") records.push({ cells, line: began });
    cells = [];
    began = line;
  }
  return records;
}

/** What is wrong where no value can be read. */
function unreadable(rest: string, where: string, separator: Separator): UserError {
  const between = separator === "," ? "commas" : "tabs";
  if (/^(?:"(?:[^"]|"")*"|[^"\r\n]*)\r(?!\n)/.test(rest))
    return new UserError(
      `${where}: expected lines that end in a line feed but one ends in a carriage return alone.`,
      "Save the file with the ends of lines of Unix or Windows.",
    );
  if (/^[ \t]+"/.test(rest) || /^"(?:[^"]|"")*"[ \t]+/.test(rest))
    return new UserError(
      `${where}: expected values right between ${between} but there is a blank beside a double quote.`,
      `Remove the blanks between ${between} and quotes.`,
    );
  return new UserError(
    `${where}: expected values between ${between} but a double quote stands out of place.`,
    'Put values with quotes in them between double quotes, and write each quote in them twice: "".',
  );
}

/** Reading CSV (RFC 4180): values between commas, or between double quotes, in which "" stands for one. */
import { UserError } from "../../errors.ts";

/** One record, and the number of the line on which it begins, from 1. */
export interface CsvRecord {
  readonly cells: readonly string[];
  readonly line: number;
}

/** A value, quoted or not, and what ends it. */
const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/y;

/** The records of a CSV text; empty lines are left out. A quote that is not closed is a `UserError`. */
export function parseCsv(text: string, name: string): CsvRecord[] {
  const content = text.replace(/^\ufeff/, "");
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let line = 1;
  let began = 1;
  CELL.lastIndex = 0;
  while (CELL.lastIndex < content.length || 0 < cells.length) {
    const match = CELL.exec(content);
    if (!match) {
      throw new UserError(
        `"${name}" line ${line}: expected values between commas but a double quote stands out of place.`,
        'Put values with quotes in them between double quotes, and write each quote in them twice: "".',
      );
    }
    const [whole, quoted, plain = "", end] = match;
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    line += whole.split("\n").length - 1;
    if (end === ",") continue;
    if (1 < cells.length || cells[0] !== "") records.push({ cells, line: began });
    cells = [];
    began = line;
  }
  return records;
}

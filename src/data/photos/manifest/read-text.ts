/** The text of a file of labels: UTF-8, or UTF-16 that says so; anything else is named. */
import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../../../errors.ts";
import { shellWord } from "../words.ts";

const LINE_FEED = 0x0a;

/** Reads a manifest's text, without a byte order mark. What is no UTF-8 is a `UserError` with its line and byte. */
export async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new UserError(`"${path}": expected a manifest but ${messageOf(error)}.`, "Check the path.", { cause: error });
  });
  const start = bytes.toString("hex", 0, 4);
  if (start.startsWith("fffe") || start.startsWith("feff")) {
    return new TextDecoder(start.startsWith("fffe") ? "utf-16le" : "utf-16be").decode(bytes);
  }
  const other =
    start === "504b0304" ? "a zip archive, as of Excel" : bytes.includes(0) ? "no UTF-8: it has zero bytes" : "";
  if (other !== "")
    throw new UserError(`"${path}": expected text but it is ${other}.`, 'Save it as text, in Excel as "CSV UTF-8".');
  if (!isUtf8(bytes)) throw notUtf8(path, bytes);
  return bytes.toString().replace(/^\ufeff/, "");
}

function notUtf8(path: string, bytes: Buffer): UserError {
  let begin = 0;
  for (let line = 1; ; line++) {
    const end = bytes.indexOf(LINE_FEED, begin);
    const content = bytes.subarray(begin, end === -1 ? bytes.length : end);
    begin = end + 1;
    if (isUtf8(content)) continue;
    const at = firstWrong(content);
    const hex = `0x${(content[at] ?? 0).toString(16).toUpperCase()}`;
    const word = new TextDecoder("windows-1252").decode(content).trim().slice(0, LONGEST_SHOWN);
    return new UserError(
      `"${path}" line ${line}: expected UTF-8 but byte ${at + 1} of the line is ${hex} (in Windows-1252 the line is ${word}).`,
      `Save it as UTF-8, in Excel as "CSV UTF-8"; or convert it: iconv -f WINDOWS-1252 -t UTF-8 ${shellWord(path)} > utf8.csv`,
    );
  }
}

const LONGEST_SHOWN = 60;

/** Where the first byte is that begins no character. What is before the middle of a part is looked at as a whole. */
function firstWrong(bytes: Uint8Array): number {
  let at = 0;
  for (let end = bytes.length; 8 < end - at; ) {
    let middle = (at + end) >> 1;
    for (let back = 0; back < 3 && ((bytes[middle] ?? 0) & 0xc0) === 0x80; back++) middle--; // to where a character begins
    if (isUtf8(bytes.subarray(at, middle))) at = middle;
    else end = middle;
  }
  for (let width: number | undefined = 0; width !== undefined; at += width ?? 0)
    width = [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)));
  return at;
}

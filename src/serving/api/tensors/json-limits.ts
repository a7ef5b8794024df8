/** Limits of JSON that hold before anything is made of it. */
import { ApiError } from "../errors.ts";

/** Lists and objects within each other. */
const DEEPEST = 64;
/** Values of all kinds: as many as 27 pictures of 224×224 pixels in colour have. Bytes after the JSON have no such limit. */
const MOST = 1 << 22;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** Throws an `ApiError` (400, 413) for JSON that is too deep or has too many values; one pass over its bytes. */
export function checkJson(bytes: Uint8Array): void {
  let depth = 0;
  let values = 1;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at = stringEnd(bytes, at + 1);
    } else if (byte === COMMA) {
      values++;
    } else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      values++;
      depth++;
      if (DEEPEST < depth) throw tooDeep();
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
    }
  }
  if (MOST < values) throw tooMany();
}

function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

const tooDeep = (): ApiError =>
  new ApiError(
    400,
    `body: expected JSON of at most ${DEEPEST} levels but it is deeper.`,
    "See the form of requests in /docs.",
  );

const tooMany = (): ApiError =>
  new ApiError(
    413,
    `body: expected JSON of at most ${MOST} values but it has more.`,
    "Send the elements as bytes after the JSON, with a binary_data_size.",
  );

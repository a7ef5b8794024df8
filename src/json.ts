/** JSON that somebody else may have written: its size is looked at before anything is made of it. */

/** Lists and objects within each other that a file may have; ocelli's own have at most six. */
const DEEPEST = 64;

const [QUOTE, BACKSLASH, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [
  0x22, 0x5c, 0x2c, 0x5b, 0x5d, 0x7b, 0x7d,
];

/** How much JSON may hold. */
export interface JsonLimits {
  /** Lists and objects within each other. */
  readonly deepest: number;
  /** Values of all kinds; any number by default. */
  readonly most?: number;
}

/** Which limit JSON breaks, if any; one pass over its bytes. */
export function brokenLimit(
  bytes: Uint8Array,
  { deepest, most = Number.POSITIVE_INFINITY }: JsonLimits,
): keyof JsonLimits | undefined {
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
      if (deepest < depth) return "deepest";
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) {
      depth--;
    }
  }
  return most < values ? "most" : undefined;
}

function stringEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/**
 * The value of a JSON text of a file. A text that is none, or whose values are nested so deeply that nothing could walk through
 * them, is a `SyntaxError`.
 */
export function parseJson(text: string): unknown {
  if (DEEPEST < text.length && brokenLimit(Buffer.from(text), { deepest: DEEPEST }))
    throw new SyntaxError(`it is nested more than ${DEEPEST} levels deep`);
  return JSON.parse(text);
}

/** The same; undefined for what is no such text. */
export function parsedJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** Keys of JSON objects, of which `JSON.parse` keeps the last of two that are the same without a word. */

/** An object (or list, which has no keys) that is open. */
interface Open {
  readonly keys: Set<string> | undefined;
  isKeyNext: boolean;
}

/**
 * The first key that an object has twice in a text, which has to be JSON; undefined if there is none. Objects deeper than
 * `depths` (1: the outermost alone) are not looked at.
 */
export function repeatedKey(text: string, depths: number): string | undefined {
  const open: Open[] = [];
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    const inner = depth <= depths ? open[depth - 1] : undefined;
    if (character === '"') {
      const end = endOfText(text, at);
      if (inner?.keys && inner.isKeyNext) {
        const key = `.${JSON.parse(text.slice(at, end))}`; // with a point, as digits alone have hashes that all know
        if (inner.keys.has(key)) return key.slice(1);
        inner.keys.add(key);
        inner.isKeyNext = false;
      }
      at = end - 1;
    } else if (character === "{" || character === "[") {
      if (depth++ < depths) open[depth - 1] = { keys: character === "{" ? new Set() : undefined, isKeyNext: true };
    } else if (character === "}" || character === "]") depth--;
    else if (character === "," && inner) inner.isKeyNext = true;
  }
  return undefined;
}

/** Behind the quote that ends the text that begins at `start`. */
function endOfText(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let before = quote;
    while (text[before - 1] === "\\") before--;
    if ((quote - before) % 2 === 0) return quote + 1;
  }
  return text.length;
}

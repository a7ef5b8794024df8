/** Which code a fuzz target has reached, by V8's own block coverage. */
import { type Profiler, Session } from "node:inspector/promises";

/** Code that counts. */
const OWN = "/src/";

/** What has run of the sources since `openCoverage`. */
export interface Coverage {
  /** Whether anything ran since the last call of `isNew` or `forget` that never ran before; it is remembered if `keep`. */
  isNew(keep: boolean): Promise<boolean>;
  /** Characters of the sources that have run. */
  readonly size: number;
  close(): void;
}

/** Begins to count in this thread. */
export async function openCoverage(): Promise<Coverage> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: false, detailed: true });
  const known = new Map<string, Uint8Array>();
  let size = 0;
  const newIn = (script: Profiler.ScriptCoverage, keep: boolean): number => {
    const ran = ranIn(script);
    const before = known.get(script.scriptId);
    let found = 0;
    for (let at = 0; at < ran.length; at++) if (ran[at] === 1 && before?.[at] !== 1) found++;
    if (keep && 0 < found) known.set(script.scriptId, before ? merged(before, ran) : ran);
    return found;
  };
  return {
    async isNew(keep) {
      const { result } = await session.post("Profiler.takePreciseCoverage");
      const found = result.filter(({ url }) => url.includes(OWN)).reduce((sum, script) => sum + newIn(script, keep), 0);
      if (keep) size += found;
      return 0 < found;
    },
    get size() {
      return size;
    },
    close: () => session.disconnect(),
  };
}

/** For each character of a script whether it ran; inner ranges come after those that they are in. */
function ranIn({ functions }: Profiler.ScriptCoverage): Uint8Array {
  const ranges = functions.flatMap((own) => own.ranges);
  const ran = new Uint8Array(ranges.reduce((most, { endOffset }) => Math.max(most, endOffset), 0));
  const outerFirst = ranges.toSorted((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset);
  for (const { startOffset, endOffset, count } of outerFirst) ran.fill(0 < count ? 1 : 0, startOffset, endOffset);
  return ran;
}

function merged(a: Uint8Array, b: Uint8Array): Uint8Array {
  const [long, short] = a.length < b.length ? [b.slice(), a] : [a.slice(), b];
  for (let at = 0; at < short.length; at++) if (short[at] === 1) long[at] = 1;
  return long;
}

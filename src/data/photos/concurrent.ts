/** Work on many files at once, in this thread: reading and decoding happen in Node's thread pool. */
import { availableParallelism } from "node:os";

/** Node's thread pool has four threads unless the environment says otherwise; two files wait for each. */
const MOST_LANES = 8;
const LANES = Math.min(MOST_LANES, 2 * availableParallelism());

/** The results of `work` in the order of the items, with a few under way at once. The first error ends it. */
export async function mapConcurrently<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = new Array(items.length);
  const waiting = items.entries();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of waiting) {
      if (failed) return;
      results[index] = await work(item, index);
    }
  };
  const fail = (error: unknown): never => {
    failed = true;
    throw error;
  };
  await Promise.all(Array.from({ length: LANES }, () => lane().catch(fail)));
  return results;
}

/** The sizes of batch for which a network is compiled, and how any number of items is made of them. */

/**
 * Powers of two up to `maxBatch`, which is always one of them; as many as `most` says, which is 2 or more: 1 and `maxBatch` come first,
 * then the largest. In ascending order.
 */
export function batchSizes(maxBatch: number, most: number): number[] {
  const powers: number[] = [];
  for (let size = 1; size < maxBatch; size *= 2) powers.push(size);
  const [one = maxBatch, ...others] = powers;
  const kept = others.slice(Math.max(0, others.length - Math.max(0, most - 2)));
  return [...new Set([one, ...kept, maxBatch])];
}

/** Share of a batch that may be padding: more than that is better computed in smaller batches. */
const MOST_PADDING = 0.25;

/** The batches that `count` items are computed in, each one of `sizes` (ascending); the last one may be padded. */
export function splitIntoBatches(count: number, sizes: readonly number[]): number[] {
  const batches: number[] = [];
  for (let left = count; 0 < left; ) {
    const above = sizes.find((size) => left <= size);
    const size = above !== undefined && above - left <= MOST_PADDING * above ? above : largestUpTo(left, sizes);
    batches.push(size);
    left -= size;
  }
  return batches;
}

function largestUpTo(count: number, sizes: readonly number[]): number {
  const found = sizes.findLast((size) => size <= count) ?? sizes[0];
  if (found === undefined) throw new Error("there is no size of batch");
  return found;
}

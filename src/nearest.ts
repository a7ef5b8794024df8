/** How many letters may differ before a name is no longer a likely misspelling: two, or a third of its length. */
const tolerated = (name: string): number => Math.max(2, Math.floor(name.length / 3));

/** Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** Longer names are no misspellings; comparing two takes time in the product of their lengths. */
const LONGEST = 256;

/** The candidate most like `name`, upper and lower case alike; undefined if none is close. The first wins a tie. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  if (LONGEST < name.length) return undefined;
  let best: string | undefined;
  let distance = tolerated(name) + 1;
  for (const candidate of candidates) {
    if (distance <= Math.abs(candidate.length - name.length)) continue;
    const found = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (found >= distance) continue;
    distance = found;
    best = candidate;
  }
  return best;
}

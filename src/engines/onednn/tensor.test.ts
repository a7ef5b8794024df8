import fc from "fast-check";
import { expect, test } from "vitest";
import { arrange, Storage } from "./tensor.ts";

const storage = (bytes: number, first: number, last: number): Storage => {
  const made = new Storage(bytes);
  made.use(first);
  made.use(last);
  return made;
};

test("storages share bytes unless they are in use at the same time", () => {
  const [a, b, c] = [storage(640, 0, 1), storage(640, 1, 2), storage(640, 2, 3)];
  const { offsets, bytes } = arrange([a, b, c]);
  expect(bytes).toBe(1280);
  expect(offsets.get(c)).toBe(offsets.get(a));
  expect(offsets.get(b)).not.toBe(offsets.get(a));
});

test("whatever their sizes and times, storages in use together do not overlap and are aligned", () => {
  const one = fc.tuple(fc.integer({ min: 1, max: 5000 }), fc.nat(20), fc.nat(20));
  fc.assert(
    fc.property(fc.array(one, { maxLength: 30 }), (sizes) => {
      const all = sizes.map(([bytes, first, length]) => storage(bytes, first, first + length));
      const { offsets, bytes } = arrange(all);
      const start = (item: Storage): number => offsets.get(item) ?? Number.NaN;
      for (const item of all) {
        expect(start(item) % 64).toBe(0);
        expect(start(item) + item.bytes).toBeLessThanOrEqual(bytes);
        for (const other of all) {
          const together = other !== item && other.first <= item.last && item.first <= other.last;
          const apart = start(item) + item.bytes <= start(other) || start(other) + other.bytes <= start(item);
          expect(!together || apart).toBe(true);
        }
      }
    }),
  );
});

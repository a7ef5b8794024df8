/** A small data set for tests: three classes of 28×28 images, a bright band at the top, in the middle or at the bottom. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type IdxData, pixelDataset } from "../src/data/index.ts";

const SIZE = 28;
const CLASSES = 3;

/** Images [count, 28, 28] and their classes in turn; always the same. */
export function bandImages(count: number): { images: Uint8Array; labels: Uint8Array } {
  const labels = Uint8Array.from({ length: count }, (_, index) => index % CLASSES);
  const images = Uint8Array.from({ length: count * SIZE * SIZE }, (_, at) => {
    const row = Math.floor(at / SIZE) % SIZE;
    const bright = Math.min(2, Math.floor(row / 9)) === labels[Math.floor(at / (SIZE * SIZE))];
    return (bright ? 90 : 20) + ((at * 7919) % 101);
  });
  return { images, labels };
}

/** The data set in memory: 40 images to train and 15 to validate. */
export function bandData({ train = 40, test = 15 } = {}): IdxData {
  const dataset = (count: number) =>
    pixelDataset({ ...bandImages(count), shape: [1, SIZE, SIZE], classes: ["top", "middle", "bottom"] });
  return { train: dataset(train), test: dataset(test), source: "bands", dataHash: `bands ${train} ${test}` };
}

/** An IDX file of unsigned bytes. */
export function idxFile(dims: readonly number[], data: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * dims.length);
  header.set([0, 0, 8, dims.length]);
  dims.forEach((dim, axis) => {
    header.writeUInt32BE(dim, 4 + 4 * axis);
  });
  return Buffer.concat([header, data]);
}

/** Writes the data set as a folder of IDX files, with `changes` to some of them, of as many images. */
export function writeBandFolder(
  folder: string,
  changes: Readonly<Record<string, Uint8Array | null>> = {},
  { train = 40, test = 15 } = {},
): void {
  mkdirSync(folder, { recursive: true });
  const files: Record<string, Uint8Array | null> = {};
  for (const [part, count] of [
    ["train", train],
    ["t10k", test],
  ] as const) {
    const { images, labels } = bandImages(count);
    files[`${part}-images-idx3-ubyte`] = idxFile([count, SIZE, SIZE], images);
    files[`${part}-labels-idx1-ubyte`] = idxFile([count], labels);
  }
  for (const [name, content] of Object.entries({ ...files, ...changes }))
    if (content) writeFileSync(join(folder, name), content);
}

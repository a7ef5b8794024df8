/** Folders of small photos for tests. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodePng, type Image } from "../image/index.ts";
import { rngFor } from "../rng.ts";

/** Bumps of a test picture along its sides. */
const BUMPS = 4;

/** A picture of soft coloured waves; another seed gives another picture, at any size the same. */
export function wavyImage(seed: number, { width = 40, height = 30 } = {}): Image {
  const rng = rngFor(seed, "wavy image");
  const waves = Array.from({ length: 3 * BUMPS }, () => [rng.integer(-5, 5), rng.integer(-5, 5), rng.uniform(0, 7)]);
  const data = new Uint8Array(width * height * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const [x, y] = [((pixel % width) + 0.5) / width, (Math.floor(pixel / width) + 0.5) / height];
    const own = waves.slice((i % 3) * BUMPS, ((i % 3) + 1) * BUMPS);
    const wave = own.reduce((sum, [a = 0, b = 0, c = 0]) => sum + Math.cos(2 * Math.PI * (a * x + b * y) + c), 0);
    data[i] = Math.round(127.5 + (120 / BUMPS) * wave);
  }
  return { width, height, channels: 3, data };
}

/** The same as a PNG file. */
export const wavyPng = (seed: number, size: { width?: number; height?: number } = {}): Promise<Uint8Array> =>
  encodePng(wavyImage(seed, size));

/** Contents of files by name; a number is a picture of that seed. */
export type FileTree = Readonly<Record<string, Uint8Array | string | number>>;

/** Writes the files into a new temporary folder. Call `remove` in the end. */
export async function writeTree(files: FileTree): Promise<{ root: string; remove: () => Promise<void> }> {
  const root = await mkdtemp(join(tmpdir(), "ocelli-photos-"));
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, dirname(name)), { recursive: true });
    await writeFile(join(root, name), typeof content === "number" ? await wavyPng(content) : content);
  }
  return { root, remove: () => rm(root, { recursive: true, force: true }) };
}

/** A picture of one colour in a thousand bytes, of whatever size: runs that end at once. */
export function emptyBmp(side: number): Uint8Array {
  const bytes = new Uint8Array(54 + 1024 + 2);
  const view = new DataView(bytes.buffer);
  bytes.set([0x42, 0x4d]);
  for (const [at, value] of [
    [2, bytes.length],
    [10, 1078],
    [14, 40],
    [18, side],
    [22, side],
    [30, 1],
    [34, 2],
  ] as const)
    view.setUint32(at, value, true);
  view.setUint16(26, 1, true);
  view.setUint16(28, 8, true);
  bytes.set([0, 1], 1078);
  return bytes;
}

/** The generated weights and the golden figures of tools/golden/zoo-parity.py, where everything is explained. */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Engine, VariableData } from "../../src/engines/index.ts";
import { type Shape, sizeOf } from "../../src/graph/value.ts";
import { type Module, tensorsOf } from "../../src/nn/index.ts";

/** Norm and four products with vectors of signs: stands for a tensor of any size. */
export type Sketch = readonly [norm: number, ...products: number[]];
/** Images, height, width. */
export type Size = readonly [number, number, number];

/** What PyTorch makes of one network, in float64. */
export interface GoldenNetwork {
  readonly gain: number;
  readonly scale: number;
  readonly logits: readonly { readonly size: Size; readonly values: readonly number[] }[];
  readonly step: {
    readonly size: Size;
    readonly loss: number;
    /** Of the parameters, in the order of the state dict. */
    readonly gradients: readonly Sketch[];
    readonly parameters: readonly Sketch[];
    /** Of the running statistics, in the order of the state dict. */
    readonly buffers: readonly Sketch[];
  };
}

/** The content of a JSON file in tools/golden, gzipped or not. */
export function readGolden<Content>(file: string): Content {
  const bytes = readFileSync(new URL(`../../tools/golden/${file}`, import.meta.url));
  return JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8")) as Content;
}

/** Classes of all networks in zoo-parity.json. */
export const CLASSES = 10;
const MARGIN = 2;
const PRODUCTS = 4;

function seedOf(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** The hash as a signed integer: twice as fast as an unsigned one. */
function hash(seed: number, i: number): number {
  let h = (Math.imul(i, 2654435761 | 0) + seed) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b | 0);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35 | 0);
  return h ^ (h >>> 16);
}

/** u(i)·factor for i = 0, 1, …, size − 1, of the tensor `name`. */
export function scaled(name: string, size: number, factor: number): Float32Array {
  const seed = seedOf(name);
  const data = new Float32Array(size);
  for (let i = 0; i < size; i++) data[i] = ((hash(seed, i) >>> 0) / 2 ** 31 - 1) * factor;
  return data;
}

/** As `scaled`, of any function of u(i) and the hash. */
function generate(name: string, size: number, value: (u: number, h: number) => number): Float32Array {
  const seed = seedOf(name);
  return Float32Array.from({ length: size }, (_, i) => value((hash(seed, i) >>> 0) / 2 ** 31 - 1, hash(seed, i)));
}

/** How large generated weights are; see the golden script. */
export type WeightSizes = Pick<GoldenNetwork, "gain" | "scale">;

/** Content of a parameter or buffer; `normalised` says whether it belongs to a batch normalisation. */
function generated(name: string, shape: Shape, golden: WeightSizes, normalised: boolean): Float32Array {
  const { gain, scale } = golden;
  const size = sizeOf(shape);
  if (name.endsWith("num_batches_tracked")) return new Float32Array(size);
  if (2 <= shape.length) {
    return scaled(name, size, gain * Math.sqrt(3 / sizeOf(shape.slice(1))));
  }
  if (name.endsWith("weight")) return generate(name, size, (u) => scale * (1 + 0.2 * u));
  if (name.endsWith("bias") && normalised)
    return generate(name, size, (u, h) => scale * (0.1 * u + ((h & 3) === 0 ? -MARGIN : MARGIN)));
  return generate(name, size, name.endsWith("running_var") ? (u) => 1 + 0.2 * u : (u) => 0.1 * u);
}

/** The generated content of all parameters and buffers, one after the other. */
export function* generatedTensors(network: Module, golden: WeightSizes): Generator<readonly [string, VariableData]> {
  const tensors = tensorsOf(network);
  const names = new Set(tensors.map(({ name }) => name));
  for (const { name, spec } of tensors) {
    const normalised = names.has(name.replace("bias", "running_mean"));
    yield [name, { shape: spec.shape, data: generated(name, spec.shape, golden, normalised) }];
  }
}

/** Writes tensors one after the other, since some are large. */
export async function writeTensors(engine: Engine, tensors: Iterable<readonly [string, VariableData]>): Promise<void> {
  for (const tensor of tensors) await engine.write(new Map([tensor]));
}

/** Images [N, 3, H, W] and labels [N]. */
export function generatedBatch([n, h, w]: Size): { images: Float32Array; labels: Int32Array } {
  return {
    images: scaled("images", n * 3 * h * w, 2),
    labels: Int32Array.from({ length: n }, (_, i) => (3 * i + 1) % CLASSES),
  };
}

/** Numbers whose signs are at hand at a time. */
const CHUNK = 4096;

/** The sketches of tensors of one size; `name` decides the signs. */
export function sketchesOf(name: string, tensors: readonly VariableData[]): Sketch[] {
  const seed = seedOf(`${name} signs`);
  const sums = tensors.map(() => new Float64Array(1 + PRODUCTS));
  const hashes = new Int32Array(CHUNK);
  const size = tensors[0]?.data.length ?? 0;
  for (let from = 0; from < size; from += CHUNK) {
    const count = Math.min(CHUNK, size - from);
    for (let i = 0; i < count; i++) hashes[i] = hash(seed, from + i);
    for (const [index, { data }] of tensors.entries())
      addProducts(sums[index] ?? new Float64Array(), data.subarray(from, from + count), hashes);
  }
  return sums.map(([square = 0, ...products]) => [Math.sqrt(square), ...products]);
}

function addProducts(sums: Float64Array, data: Float32Array, hashes: Int32Array): void {
  let [square = 0, a = 0, b = 0, c = 0, d = 0] = sums;
  for (let i = 0; i < data.length; i++) {
    const value = data[i] ?? 0;
    const h = hashes[i] ?? 0;
    square += value * value;
    a += (1 - 2 * (h & 1)) * value;
    b += (1 - (h & 2)) * value;
    c += (1 - ((h & 4) >> 1)) * value;
    d += (1 - ((h & 8) >> 2)) * value;
  }
  sums.set([square, a, b, c, d]);
}

/** How far two tensors are apart, by their sketches: the norm of their difference, estimated. */
export function distance(a: Sketch, b: Sketch): number {
  const square = b.slice(1).reduce((sum, product, index) => sum + (product - (a[index + 1] ?? 0)) ** 2, 0);
  return Math.sqrt(square / PRODUCTS);
}

/** Decoded pictures in memory that all worker threads share, so that a picture is decoded once and not in each epoch. */
import { freemem } from "node:os";
import type { Channels, Image } from "../../image/index.ts";

/** Plain data, which crosses to worker threads without a copy. */
export interface PixelCache {
  readonly channels: Channels;
  /** Of each picture: its state, the block at which its pixels begin, width, height. */
  readonly table: Int32Array<SharedArrayBuffer>;
  /** Blocks taken so far; more than there are once something did not fit. */
  readonly taken: Int32Array<SharedArrayBuffer>;
  readonly pixels: Uint8Array<SharedArrayBuffer>;
}

const FIELDS = 4;
const EMPTY = 0;
const UNDER_WAY = 1;
const READY = 2;
/** Offsets are counted in blocks, so that 32 bits are enough. */
const BLOCK = 64;

/** A quarter of the memory that is free, but no more than that. */
const LARGEST = 2 * 2 ** 30;

/** Bytes that decoded pictures may take on this machine. */
export const pixelCacheBytes = (): number => Math.min(Math.floor(freemem() / 4), LARGEST);

/** A cache for pictures numbered 0..count−1 that holds `bytes` of pixels. Memory is taken as pictures come. */
export function createPixelCache(count: number, bytes: number, channels: Channels = 3): PixelCache {
  const shared = (size: number): SharedArrayBuffer => new SharedArrayBuffer(size);
  return {
    channels,
    table: new Int32Array(shared(count * FIELDS * Int32Array.BYTES_PER_ELEMENT)),
    taken: new Int32Array(shared(Int32Array.BYTES_PER_ELEMENT)),
    pixels: new Uint8Array(shared(Math.floor(bytes / BLOCK) * BLOCK)),
  };
}

const blocksOf = ({ pixels }: PixelCache): number => pixels.length / BLOCK;

/** Whether nothing more fits: what is not kept by then is decoded whenever it is asked for. */
export const isFull = (cache: PixelCache): boolean => blocksOf(cache) <= Atomics.load(cache.taken, 0);

/** A picture that was kept; its pixels are shared and must not be changed. */
export function keptPixels({ table, pixels, channels }: PixelCache, index: number): Image | undefined {
  const at = index * FIELDS;
  if (Atomics.load(table, at) !== READY) return undefined;
  const [block = 0, width = 0, height = 0] = table.subarray(at + 1, at + FIELDS);
  const start = block * BLOCK;
  return { width, height, channels, data: pixels.subarray(start, start + width * height * channels) };
}

/** Keeps a picture if there is room, and unless a thread does so already. */
export function keepPixels(cache: PixelCache, index: number, { width, height, channels, data }: Image): void {
  const { table, taken, pixels } = cache;
  const at = index * FIELDS;
  if (channels !== cache.channels || Atomics.compareExchange(table, at, EMPTY, UNDER_WAY) !== EMPTY) return;
  const blocks = Math.ceil(data.length / BLOCK);
  const block = isFull(cache) ? blocksOf(cache) : Atomics.add(taken, 0, blocks);
  if (blocksOf(cache) < block + blocks) return; // stays under way: nobody tries again
  pixels.set(data, block * BLOCK);
  table.set([block, width, height], at + 1);
  Atomics.store(table, at, READY);
}

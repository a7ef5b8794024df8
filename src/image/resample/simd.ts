import type { Image } from "../image.ts";
import { instantiate, type Kernels, lazily, memoryOf } from "../wasm/instance.ts";
import { resampleModule, SLACK } from "./kernels.ts";
import type { Passes } from "./plain.ts";
import type { Weights } from "./weights.ts";

type ResampleKernels = Kernels<"colourRow" | "greyRow" | "columns">;

const WORD = 4;
/** Bytes of the source that are in the kernels' memory at a time: few enough to stay in the processor's cache. */
const BAND = 1 << 18;

const loadKernels = lazily(() => instantiate<"colourRow" | "greyRow" | "columns">(resampleModule));

/** Parts of the kernels' memory, one after the other. */
interface Layout {
  readonly acrossWeights: number;
  readonly offsets: number;
  readonly downWeights: number;
  readonly band: number;
  readonly between: number;
  readonly target: number;
  readonly end: number;
}

const aligned = (address: number): number => (address + SLACK - 1) & -SLACK;

function layOut({ across, down, rows }: Passes, bandBytes: number, rowBytes: number): Layout {
  const offsets = aligned(across.values.byteLength);
  const downWeights = aligned(offsets + across.first.byteLength);
  const band = aligned(downWeights + down.values.byteLength);
  const between = aligned(band + bandBytes + SLACK);
  const target = aligned(between + rows * rowBytes + SLACK);
  const end = target + down.first.length * rowBytes + SLACK;
  return { acrossWeights: 0, offsets, downWeights, band, between, target, end };
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Pillow's two passes in WebAssembly SIMD; undefined where that cannot run. The same pixels as `resamplePlain`. */
export function resampleSimd(image: Image, passes: Passes): Image | undefined {
  const kernels = loadKernels();
  if (!kernels) return undefined;
  const { channels } = image;
  const { across, down } = passes;
  const sourceRow = sourceWidth(across) * channels;
  const targetRow = across.first.length * channels;
  const bandRows = Math.max(1, Math.min(passes.rows, Math.floor(BAND / sourceRow)));
  const layout = layOut(passes, bandRows * sourceRow, targetRow);
  const bytes = memoryOf(kernels, layout.end);
  bytes.set(bytesOf(across.values), layout.acrossWeights);
  bytes.set(bytesOf(across.first.map((first) => first * channels)), layout.offsets);
  bytes.set(bytesOf(down.values), layout.downWeights);
  const row = channels === 1 ? kernels.greyRow : kernels.colourRow;
  for (let first = 0; first < passes.rows; first += bandRows) {
    const count = Math.min(bandRows, passes.rows - first);
    copyRows(image, passes, { bytes, at: layout.band, first, count, length: sourceRow });
    for (let y = 0; y < count; y++) {
      const target = layout.between + (first + y) * targetRow;
      row(
        layout.band + y * sourceRow,
        target,
        layout.offsets,
        layout.acrossWeights,
        across.first.length,
        across.stride / 4,
      );
    }
  }
  runColumns(kernels.columns, passes, { layout, row: targetRow });
  const length = down.first.length * targetRow;
  const data = bytes.slice(layout.target, layout.target + length);
  return { width: across.first.length, height: down.first.length, channels, data };
}

/** The source elements that an axis reads, from the first of its area. */
export function sourceWidth({ first, taps }: Weights): number {
  const last = first.length - 1;
  return first[last]! + taps[last]!;
}

interface Band {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly first: number;
  readonly count: number;
  readonly length: number;
}

/** Copies rows of the area, `length` bytes of each. */
function copyRows(image: Image, passes: Passes, { bytes, at, first, count, length }: Band): void {
  const stride = image.width * image.channels;
  const start = (passes.top + passes.firstRow + first) * stride + passes.left * image.channels;
  if (length === stride) {
    bytes.set(image.data.subarray(start, start + count * stride), at);
    return;
  }
  for (let y = 0; y < count; y++) {
    bytes.set(image.data.subarray(start + y * stride, start + y * stride + length), at + y * length);
  }
}

function runColumns(
  columns: ResampleKernels["columns"],
  { down, firstRow }: Passes,
  { layout, row }: { layout: Layout; row: number },
): void {
  for (let y = 0; y < down.first.length; y++) {
    const source = layout.between + (down.first[y]! - firstRow) * row;
    const weights = layout.downWeights + y * down.stride * WORD;
    columns(source, row, layout.target + y * row, weights, down.taps[y]!, Math.ceil(row / SLACK));
  }
}

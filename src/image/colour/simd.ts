import type { Image } from "../image.ts";
import { instantiate, type Kernels, lazily, memoryOf } from "../wasm/instance.ts";
import { hueShift, makeHueTables } from "./hue-tables.ts";
import { colourModule, GROUP, VECTOR } from "./kernels.ts";
import type { Painter } from "./painter.ts";

type ColourKernels = Kernels<"blendWith" | "sumOfLuma" | "blendWithLuma" | "turnHues">;

/** Addresses: a number that a kernel takes or gives, the tables of hues, and the picture behind them. */
const SCRATCH = 0;
const PLACES = 16;
const SATURATIONS = PLACES + 4 * 256;
const STRENGTHS = SATURATIONS + 65_536;
const LACKS = STRENGTHS + 8 * 256;
const HUES = LACKS + 8 * 256;
const PICTURE = HUES + 2 * 512 * 511;

/** Groups whose luma can be added up without overflow. */
const GROUPS_AT_ONCE = 1 << 22;

const loadKernels = lazily(() => instantiate<"blendWith" | "sumOfLuma" | "blendWithLuma" | "turnHues">(colourModule));

/** Writes the tables of hues into the kernels' memory, once; returns what `turnHues` takes after the shift. */
const loadTables = lazily((): readonly number[] => {
  const memory = memoryOf(loadKernels() as ColourKernels, PICTURE);
  const { hue, hueIndex, saturation, strength, lack, places } = makeHueTables();
  for (const [address, table] of [
    [PLACES, places],
    [SATURATIONS, saturation],
    [STRENGTHS, strength],
    [LACKS, lack],
    [HUES, hue],
  ] as const) {
    memory.set(new Uint8Array(table.buffer, table.byteOffset, table.byteLength), address);
  }
  return [HUES + 2 * hueIndex(0, 0), SATURATIONS, STRENGTHS, LACKS, PLACES];
});

/** A painter in WebAssembly SIMD, on a copy of a colour picture; undefined where that cannot run. */
export function simdPainter({ width, height, channels, data }: Image): Painter | undefined {
  const kernels = loadKernels();
  if (!kernels || channels !== 3) return undefined;
  const pixels = width * height;
  const groups = Math.ceil(pixels / GROUP);
  const memory = memoryOf(kernels, PICTURE + data.length + 2 * VECTOR);
  memory.set(data, PICTURE);
  memory.fill(0, PICTURE + data.length, PICTURE + data.length + 2 * VECTOR); // beyond the last pixel: no luma
  const scratch = new DataView(memory.buffer, SCRATCH, VECTOR);
  return {
    blendWith(value, factor) {
      scratch.setFloat32(0, factor, true);
      kernels.blendWith(PICTURE, Math.ceil(data.length / VECTOR), value, SCRATCH);
    },
    sumOfLuma() {
      let sum = 0;
      for (let first = 0; first < groups; first += GROUPS_AT_ONCE) {
        kernels.sumOfLuma(PICTURE + 3 * GROUP * first, Math.min(GROUPS_AT_ONCE, groups - first), SCRATCH);
        for (let lane = 0; lane < 4; lane++) sum += scratch.getUint32(4 * lane, true);
      }
      return sum;
    },
    blendWithLuma(factor) {
      scratch.setFloat32(0, factor, true);
      kernels.blendWithLuma(PICTURE, groups, SCRATCH);
    },
    turnHues(turn) {
      kernels.turnHues(PICTURE, pixels, hueShift(turn), ...loadTables());
    },
    finish: () => ({ width, height, channels, data: memory.slice(PICTURE, PICTURE + data.length) }),
  };
}

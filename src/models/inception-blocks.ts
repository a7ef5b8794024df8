/** The parts of Inception v3: convolutions side by side whose channels come together. */
import type { Value } from "../graph/value.ts";
import {
  averagePool2d,
  batchNorm2d,
  type ConvolutionOptions,
  concat,
  conv2d,
  type Module,
  maxPool2d,
  module,
  normalWith,
  relu,
} from "../nn/index.ts";

/** Deviation of first weights. They are also cut at ±2, which no sample here ever reaches. */
export const DEVIATION = 0.1;

/** Convolution, batch normalisation, relu. A kernel of 1 by default. */
export function conv(
  inChannels: number,
  outChannels: number,
  { deviation = DEVIATION, ...options }: Partial<ConvolutionOptions> & { deviation?: number } = {},
): Module {
  const initialiseWeight = normalWith(0, deviation);
  return module(
    {
      conv: conv2d(inChannels, outChannels, { kernel: 1, bias: false, initialiseWeight, ...options }),
      bn: batchNorm2d(outChannels, { epsilon: 1e-3 }),
    },
    (x, parts) => relu(parts.bn(parts.conv(x))),
  );
}

/** A kernel that keeps the size. */
export const K3 = { kernel: 3, padding: 1 } as const;
const K5 = { kernel: 5, padding: 2 } as const;
const WIDE3 = { kernel: [1, 3], padding: [0, 1] } as const;
const TALL3 = { kernel: [3, 1], padding: [1, 0] } as const;
const WIDE7 = { kernel: [1, 7], padding: [0, 3] } as const;
const TALL7 = { kernel: [7, 1], padding: [3, 0] } as const;
/** A kernel that halves the size: n → ⌊(n − 1)/2⌋. */
export const HALVING = { kernel: 3, stride: 2 } as const;

const around = (x: Value): Value => averagePool2d(x, { kernel: 3, stride: 1, padding: 1 });
/** The largest of each 3×3 window, every second one: [N, C, H, W] → [N, C, ⌊(H − 1)/2⌋, ⌊(W − 1)/2⌋]. */
export const halved = (x: Value): Value => maxPool2d(x, HALVING);
const together = (...branches: readonly Value[]): Value => concat(branches, { axis: 1 });

/** 1×1, 5×5, twice 3×3, pool. → [N, 224 + pooled, H, W] */
export const mixedA = (inChannels: number, pooled: number): Module =>
  module(
    {
      branch1x1: conv(inChannels, 64),
      branch5x5_1: conv(inChannels, 48),
      branch5x5_2: conv(48, 64, K5),
      branch3x3dbl_1: conv(inChannels, 64),
      branch3x3dbl_2: conv(64, 96, K3),
      branch3x3dbl_3: conv(96, 96, K3),
      branch_pool: conv(inChannels, pooled),
    },
    (x, b) =>
      together(
        b.branch1x1(x),
        b.branch5x5_2(b.branch5x5_1(x)),
        b.branch3x3dbl_3(b.branch3x3dbl_2(b.branch3x3dbl_1(x))),
        b.branch_pool(around(x)),
      ),
  );

/** 3×3, twice 3×3, pool, each halving. → [N, 480 + inChannels, ⌊(H − 1)/2⌋, ⌊(W − 1)/2⌋] */
export const mixedB = (inChannels: number): Module =>
  module(
    {
      branch3x3: conv(inChannels, 384, HALVING),
      branch3x3dbl_1: conv(inChannels, 64),
      branch3x3dbl_2: conv(64, 96, K3),
      branch3x3dbl_3: conv(96, 96, HALVING),
    },
    (x, b) => together(b.branch3x3(x), b.branch3x3dbl_3(b.branch3x3dbl_2(b.branch3x3dbl_1(x))), halved(x)),
  );

/** 1×1, 7×7, twice 7×7, pool; 7×7 as 1×7 and 7×1 of `width` channels. [N, 768, H, W] → same */
export const mixedC = (width: number): Module =>
  module(
    {
      branch1x1: conv(768, 192),
      branch7x7_1: conv(768, width),
      branch7x7_2: conv(width, width, WIDE7),
      branch7x7_3: conv(width, 192, TALL7),
      branch7x7dbl_1: conv(768, width),
      branch7x7dbl_2: conv(width, width, TALL7),
      branch7x7dbl_3: conv(width, width, WIDE7),
      branch7x7dbl_4: conv(width, width, TALL7),
      branch7x7dbl_5: conv(width, 192, WIDE7),
      branch_pool: conv(768, 192),
    },
    (x, b) => {
      const once = b.branch7x7_3(b.branch7x7_2(b.branch7x7_1(x)));
      const half = b.branch7x7dbl_3(b.branch7x7dbl_2(b.branch7x7dbl_1(x)));
      return together(b.branch1x1(x), once, b.branch7x7dbl_5(b.branch7x7dbl_4(half)), b.branch_pool(around(x)));
    },
  );

/** 3×3, 7×7 and 3×3, pool, each halving. [N, 768, H, W] → [N, 1280, ⌊(H − 1)/2⌋, ⌊(W − 1)/2⌋] */
export const mixedD = (): Module =>
  module(
    {
      branch3x3_1: conv(768, 192),
      branch3x3_2: conv(192, 320, HALVING),
      branch7x7x3_1: conv(768, 192),
      branch7x7x3_2: conv(192, 192, WIDE7),
      branch7x7x3_3: conv(192, 192, TALL7),
      branch7x7x3_4: conv(192, 192, HALVING),
    },
    (x, b) => {
      const seven = b.branch7x7x3_3(b.branch7x7x3_2(b.branch7x7x3_1(x)));
      return together(b.branch3x3_2(b.branch3x3_1(x)), b.branch7x7x3_4(seven), halved(x));
    },
  );

/** 1×1, 1×3 beside 3×1, 3×3 and 1×3 beside 3×1, pool. → [N, 2048, H, W] */
export const mixedE = (inChannels: number): Module =>
  module(
    {
      branch1x1: conv(inChannels, 320),
      branch3x3_1: conv(inChannels, 384),
      branch3x3_2a: conv(384, 384, WIDE3),
      branch3x3_2b: conv(384, 384, TALL3),
      branch3x3dbl_1: conv(inChannels, 448),
      branch3x3dbl_2: conv(448, 384, K3),
      branch3x3dbl_3a: conv(384, 384, WIDE3),
      branch3x3dbl_3b: conv(384, 384, TALL3),
      branch_pool: conv(inChannels, 192),
    },
    (x, b) => {
      const once = b.branch3x3_1(x);
      const twice = b.branch3x3dbl_2(b.branch3x3dbl_1(x));
      const three = together(b.branch3x3_2a(once), b.branch3x3_2b(once));
      const five = together(b.branch3x3dbl_3a(twice), b.branch3x3dbl_3b(twice));
      return together(b.branch1x1(x), three, five, b.branch_pool(around(x)));
    },
  );

import type { OpName } from "../../ops/index.ts";
import type { KernelsFor } from "../kernel.ts";
import { activations } from "./activations.ts";
import { arithmetic } from "./arithmetic.ts";
import { batchNorm } from "./batch-norm.ts";
import { convolution } from "./convolution.ts";
import { linear } from "./linear.ts";
import { losses } from "./losses.ts";
import { optimizers } from "./optimizers.ts";
import { pooling } from "./pooling.ts";

/** Every op as ONNX nodes; `dropoutMask` alone has none, its masks are made on the host and fed. */
export const kernels: KernelsFor<Exclude<OpName, "dropoutMask">> = {
  ...activations,
  ...arithmetic,
  ...batchNorm,
  ...convolution,
  ...linear,
  ...losses,
  ...optimizers,
  ...pooling,
};

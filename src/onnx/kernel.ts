import type { PerOperand, PerOutput } from "../graph/define-op.ts";
import type { TensorType } from "../graph/value.ts";
import type { OpName, Ops } from "../ops/index.ts";
import type { Emitter } from "./emitter.ts";

/** The application that a kernel writes: attributes, and types of operands and outputs. */
export interface Application<Name extends OpName> {
  readonly attributes: Ops[Name]["defaults"];
  readonly inputs: PerOperand<Ops[Name]["inputs"], TensorType>;
  readonly outputs: PerOutput<Ops[Name]["outputs"], TensorType>;
}

/** Writes one op as ONNX nodes: names of the operands in, names of the outputs out. */
export type Kernel<Name extends OpName> = (
  emitter: Emitter,
  inputs: PerOperand<Ops[Name]["inputs"], string>,
  application: Application<Name>,
) => PerOutput<Ops[Name]["outputs"], string>;

/** A kernel for each of the named ops; `dropoutMask` has none, its masks are made on the host. */
export type KernelsFor<Name extends OpName> = { readonly [Each in Name]: Kernel<Each> };

/** The four sizes of an image or a kernel, such as [N, C, H, W], whose type the op's shape rule has checked. */
export const size4 = ({ shape }: TensorType): readonly [number, number, number, number] =>
  shape as unknown as readonly [number, number, number, number];

/** The gradient of a convolution's image where the kernel moves by more than one pixel. */
import { canBlock, emitBlocked, fromBlocked, toBlocked } from "../blocked.ts";
import type { Emitter } from "../emitter.ts";
import { type Application, size4 } from "../kernel.ts";
import { interleave, noteRows } from "../rows.ts";
import { turnedBlockedKernel } from "./blocked-kernel.ts";

type Pair = readonly [number, number];

/** The gradient of an image that a convolution with `weight` has had, given that of its result. */
export interface InputGradient extends Application<"conv2dInputGradient"> {
  readonly dy: string;
  readonly weight: string;
}

/** As ONNX Runtime's ConvTranspose on plain images. */
export function transposedInputGradient(emitter: Emitter, { dy, weight, attributes, inputs }: InputGradient): string {
  const { stride, padding, dilation, groups, inputSize } = attributes;
  const [, , dyH, dyW] = size4(inputs[0]);
  const [, , kh, kw] = size4(inputs[1]);
  const rest = (axis: 0 | 1, size: number, kernel: number): number =>
    inputSize[axis] - ((size - 1) * stride[axis] + dilation[axis] * (kernel - 1) + 1 - 2 * padding[axis]);
  return emitter.emit("ConvTranspose", [dy, weight], {
    kernel_shape: [kh, kw],
    strides: stride,
    pads: [...padding, ...padding],
    dilations: dilation,
    output_padding: [rest(0, dyH, kh), rest(1, dyW, kw)],
    group: groups,
  });
}

/** How every `stride`th pixel of an axis comes from dy: by a convolution with every `stride`th place of the kernel. */
interface AxisPhase {
  /** The first of these places, and how many there are. */
  readonly first: number;
  readonly count: number;
  /** Zeros before and behind dy; less than 0 where its ends are not met. */
  readonly pads: Pair;
}

/** From pixel `phase` on; undefined where no place of the kernel meets these pixels. */
function axisPhase(task: InputGradient, axis: 0 | 1, phase: number): AxisPhase | undefined {
  const { attributes, inputs } = task;
  const [step, padding, inputSize] = [attributes.stride[axis], attributes.padding[axis], attributes.inputSize[axis]];
  const [size = 1, kernel = 1] = inputs.map(({ shape }) => shape[2 + axis]);
  // pixel phase + step·a meets place first + step·t of the kernel at pixel a + ahead − t of dy
  const first = (phase + padding) % step;
  const ahead = Math.floor((phase + padding) / step);
  const count = Math.ceil((kernel - first) / step);
  const pixels = Math.ceil((inputSize - phase) / step);
  if (count <= 0 || pixels <= 0) return undefined;
  return { first, count, pads: [count - 1 - ahead, pixels + ahead - size] };
}

/** All phases of an image, row by row of places in a step; undefined where no place of the kernel meets the pixels. */
function phasesOf(task: InputGradient): (readonly [AxisPhase, AxisPhase] | undefined)[] {
  const along = (axis: 0 | 1): (AxisPhase | undefined)[] =>
    Array.from({ length: task.attributes.stride[axis] }, (_, phase) => axisPhase(task, axis, phase));
  return along(0).flatMap((down) => along(1).map((right) => down && right && ([down, right] as const)));
}

/**
 * In the blocked layout, all pixels of one phase at a time: those at the same place between two steps of the kernel meet the same
 * places of it, so they are a convolution of dy without steps, in which no product is one with a zero between pixels. Undefined where
 * channels do not fit into blocks, and where ends of dy are not met.
 */
export function phasedInputGradient(emitter: Emitter, task: InputGradient): string | undefined {
  const { dy, weight, attributes, inputs, outputs } = task;
  const { stride, dilation, groups } = attributes;
  const [n, c, ...size] = size4(outputs[0]);
  const [o, , kh, kw] = size4(inputs[1]);
  const fits = canBlock(emitter, o) && canBlock(emitter, c);
  if (!fits || groups !== 1 || dilation.some((each) => each !== 1)) return undefined;
  const phases = phasesOf(task);
  if (phases.flatMap((phase) => phase ?? []).some(({ pads }) => pads.some((pad) => pad < 0))) return undefined;
  const image = toBlocked(emitter, dy);
  const parts = phases.map((phase) => {
    if (!phase) return undefined;
    const [down, right] = phase;
    const count = [down.count, right.count] as const;
    const taps = { first: [down.first, right.first], step: stride, count } as const;
    const kernel = turnedBlockedKernel(emitter, weight, [c, o, kh, kw], taps);
    const pads = [down.pads[0], right.pads[0], down.pads[1], right.pads[1]];
    const window = { kernel_shape: count, strides: [1, 1], dilations: [1, 1], pads, group: 1 };
    return emitBlocked(emitter, "Conv", { inputs: [image, kernel], attributes: window });
  });
  const { block } = emitter.target;
  const rows = interleave(emitter, { parts, step: stride, planes: (n * c) / block, size, width: block });
  const blocked = emitter.emit("Reshape", [rows, emitter.int64s(outputs[0].shape)]);
  noteRows(emitter, blocked, rows);
  return fromBlocked(emitter, blocked, outputs[0]);
}

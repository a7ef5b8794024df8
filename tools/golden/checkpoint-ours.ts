/**
 * Checkpoints that ocelli writes, which checkpoint-ours.py opens in PyTorch: the proof that they are right. The files are
 * kept, and src/checkpoint/optimizer-state.test.ts holds the writer to them byte by byte. Run: tsx checkpoint-ours.ts
 */
import { pathToFileURL } from "node:url";
import {
  encodeOptimizerState,
  float32Tensor,
  int64Scalar,
  type OptimizerState,
  type PthInput,
  pyFloat,
  type StateTensor,
  writePth,
} from "../../src/checkpoint/index.ts";

const SHAPES: Readonly<Record<string, readonly number[]>> = {
  "conv.weight": [2, 1, 2, 2],
  "conv.bias": [2],
  "bn.weight": [2],
  "bn.bias": [2],
  "fc.weight": [2, 2],
  "fc.bias": [2],
};
const BACKBONE = ["conv.weight", "conv.bias", "bn.weight", "bn.bias"];
const HEAD = ["fc.weight", "fc.bias"];

/** Elements from + 0, from + 1/8, from + 2/8, … */
function counted(name: string, from: number): StateTensor {
  const shape = SHAPES[name] ?? [];
  const size = shape.reduce((product, axis) => product * axis, 1);
  return float32Tensor(
    shape,
    Array.from({ length: size }, (_, index) => from + index / 8),
  );
}

const slots = (parameters: readonly string[], names: readonly string[]): Map<string, StateTensor> =>
  new Map(
    parameters.flatMap((parameter) =>
      names.map((slot, index) => [`${parameter}.${slot}`, counted(parameter, 1 + index)] as const),
    ),
  );

const common = { step: 3, parameters: Object.keys(SHAPES) };
const betas = { betas: [0.9, 0.999], eps: 1e-8 };

/** SGD in two groups with the biases of the convolution frozen; Adam of the head alone; AdamW of all. */
const OPTIMIZERS: readonly OptimizerState[] = [
  {
    ...common,
    name: "sgd",
    learningRate: 0.5,
    settings: { momentum: 0.5, dampening: 0, weight_decay: 0, nesterov: false },
    groups: [
      { parameters: BACKBONE, learningRate: 0.25 },
      { parameters: HEAD, learningRate: 1, settings: { weight_decay: 0.125 } },
    ],
    slots: slots(["conv.weight", "bn.weight", "bn.bias", ...HEAD], ["momentum_buffer"]),
  },
  {
    ...common,
    name: "adam",
    learningRate: 0.125,
    settings: { ...betas, weight_decay: 0 },
    slots: slots(HEAD, ["exp_avg", "exp_avg_sq"]),
  },
  {
    ...common,
    name: "adamw",
    learningRate: 0.125,
    settings: { ...betas, weight_decay: 0.01 },
    slots: slots(Object.keys(SHAPES), ["exp_avg", "exp_avg_sq"]),
  },
];

/** Files by name. */
export const OURS: ReadonlyMap<string, PthInput> = new Map(
  OPTIMIZERS.map((optimizer) => [
    `ours-${optimizer.name}.pth`,
    {
      state_dict: new Map<string, PthInput>([
        ...BACKBONE.map((name) => [name, counted(name, 0)] as const),
        ["bn.running_mean", float32Tensor([2], [0.5, 0.25])],
        ["bn.running_var", float32Tensor([2], [1, 2])],
        ["bn.num_batches_tracked", int64Scalar(3)],
        ...HEAD.map((name) => [name, counted(name, 0)] as const),
      ]),
      optimizer: encodeOptimizerState(optimizer),
      best_acc: pyFloat(1),
      epoch: 3,
      classes: ["ant", "bee"],
      model: null,
    },
  ]),
);

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const [name, content] of OURS) await writePth(new URL(`checkpoint/${name}`, import.meta.url).pathname, content);
}

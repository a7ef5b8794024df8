/** A network on an engine: training steps, forward passes, weights in and out. The loop over epochs is the caller's. */
import {
  checkStateDict,
  float32Tensor,
  int64Scalar,
  type StateDict,
  type StateShapes,
  type StateTensor,
} from "../checkpoint/index.ts";
import { batches, type Dataset } from "../data/index.ts";
import { type Engine, type Executable, openEngine } from "../engines/index.ts";
import { UserError } from "../errors.ts";
import { inputName, type Program } from "../graph/program.ts";
import { formatShape, sameShape, sizeOf } from "../graph/value.ts";
import { argmaxRows, crossEntropyRows } from "../metrics/index.ts";
import { initialState, type Module, stateShapesOf, tensorsOf } from "../nn/index.ts";
import { adam, type Optimizer } from "../optim/optimizer.ts";
import type {
  EvaluateOptions,
  Evaluation,
  LabelledImages,
  StepResult,
  StepRunOptions,
  Trainer,
  TrainerOptions,
} from "./network-trainer.ts";
import { inferenceProgram, slotName, trainedParameters, trainingProgram } from "./programs.ts";

/** Puts a network on an engine, with fresh weights. */
export async function openTrainer(network: Module, options: TrainerOptions): Promise<Trainer> {
  const engine = await openEngine(options.engine, options);
  try {
    const trainer = new EngineTrainer(network, engine, options);
    await trainer.initialise(options.seed ?? 0);
    return trainer;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

class EngineTrainer implements Trainer {
  readonly engine: Engine;
  readonly optimizer: Optimizer;
  readonly slotShapes: StateShapes;
  readonly parameters: readonly string[];
  step = 0;
  readonly #network: Module;
  readonly #options: TrainerOptions;
  readonly #batchSize: number;
  readonly #executables = new Map<string, Promise<Executable>>();
  readonly #needsKey = new Set<string>();
  #seed = 0;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(network: Module, engine: Engine, options: TrainerOptions) {
    const { batchSize = 64, optimizer = adam(), isFrozen } = options;
    this.engine = engine;
    this.optimizer = optimizer;
    this.#network = network;
    this.#options = options;
    this.#batchSize = batchSize;
    this.parameters = trainedParameters(network).map(({ name }) => name);
    const trained = trainedParameters(network, isFrozen);
    this.slotShapes = new Map(
      trained.flatMap(({ name, shape }) => optimizer.slots.map((slot) => [slotName(name, slot), shape] as const)),
    );
  }

  async initialise(seed: number): Promise<void> {
    this.#seed = seed;
    await this.engine.write(initialState(this.#network, seed));
    await this.restore(zeros(this.slotShapes), 0);
  }

  async train(
    { images, labels }: LabelledImages,
    { learningRate, transfer }: StepRunOptions = {},
  ): Promise<StepResult> {
    const size = labels.length;
    const step = ++this.step;
    const rate = learningRate ?? this.optimizer.learningRate;
    const feeds: Record<string, Float32Array | Int32Array> = { images, labels: labels.slice() };
    for (const [name, value] of Object.entries(this.optimizer.scalarsAt(step, rate)))
      feeds[name] = Float32Array.of(value);
    const name = `train ${size}`;
    const executable = await this.#inOrder(() => this.#executable(name, () => this.#trainingProgram(size)));
    if (this.#needsKey.has(name)) feeds.dropoutKey = dropoutKey(this.#seed, step);
    const { loss = [], logits = new Float32Array() } = await executable.run(feeds, { transfer });
    const predictions = argmaxRows({ data: logits, classes: logits.length / size });
    const correct = predictions.reduce((sum, prediction, row) => sum + (prediction === labels[row] ? 1 : 0), 0);
    return { step, loss: loss[0] ?? Number.NaN, correct, size, learningRate: rate };
  }

  async logits(images: Float32Array): Promise<Float32Array> {
    const size = images.length / sizeOf(this.#options.inputShape);
    const padded = new Float32Array(this.#batchSize * sizeOf(this.#options.inputShape));
    if (!Number.isInteger(size) || padded.length < images.length)
      throw new Error(`logits: expected up to ${this.#batchSize} images of ${formatShape(this.#options.inputShape)}`);
    padded.set(images);
    const executable = await this.#inOrder(() => this.#executable("infer", () => this.#inferenceProgram()));
    const { logits = new Float32Array() } = await executable.run({ images: padded }, { transfer: true });
    return logits.slice(0, (logits.length / this.#batchSize) * size);
  }

  async evaluate(dataset: Dataset, { workers, onProgress }: EvaluateOptions = {}): Promise<Evaluation> {
    this.#checkShape(dataset);
    const underWay: { size: number; logits: Promise<Float32Array> }[] = [];
    const labels = new Int32Array(dataset.length);
    let logits = new Float32Array();
    let asked = 0;
    let done = 0;
    const finishOne = async (): Promise<void> => {
      const first = underWay.shift();
      if (!first) return;
      const rows = await first.logits;
      const classes = rows.length / first.size;
      if (done === 0) logits = new Float32Array(dataset.length * classes);
      logits.set(rows, done * classes);
      done += first.size;
      onProgress?.(done);
    };
    for await (const batch of batches(dataset, { batchSize: this.#batchSize, workers })) {
      underWay.push({ size: batch.size, logits: this.logits(batch.images) });
      labels.set(batch.labels, asked);
      asked += batch.size;
      if (1 < underWay.length) await finishOne();
    }
    while (0 < underWay.length) await finishOne();
    return evaluation(logits, labels);
  }

  async weights(): Promise<Map<string, StateTensor>> {
    const tensors = tensorsOf(this.#network);
    const values = await this.engine.read(tensors.map(({ name }) => name));
    return new Map(
      tensors.map(({ name, spec }) => {
        const { shape, data } = values.get(name) ?? { shape: spec.shape, data: new Float32Array() };
        return [name, spec.dtype === "int64" ? int64Scalar(data[0] ?? 0) : float32Tensor(shape, data)];
      }),
    );
  }

  async setWeights(weights: StateDict, from = "weights"): Promise<void> {
    await this.engine.write(float32Values(checkStateDict(weights, stateShapesOf(this.#network), from)));
  }

  async optimizerSlots(): Promise<Map<string, StateTensor>> {
    const values = await this.engine.read([...this.slotShapes.keys()]);
    return new Map([...values].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]));
  }

  async restore(slots: StateDict, step: number): Promise<void> {
    await this.engine.write(float32Values(slots));
    this.step = step;
  }

  close(): Promise<void> {
    return this.engine.close();
  }

  #checkShape({ shape }: Dataset): void {
    const { inputShape } = this.#options;
    if (sameShape(shape, inputShape)) return;
    throw new UserError(
      `data set: expected images of shape ${formatShape(inputShape)}, which the network takes, but they are ${formatShape(shape)}.`,
      "Use a data set with images of that size, or another network.",
    );
  }

  #trainingProgram(batchSize: number): Program {
    const { inputShape, loss, isFrozen } = this.#options;
    return trainingProgram(this.#network, { inputShape, batchSize, optimizer: this.optimizer, loss, isFrozen });
  }

  #inferenceProgram(): Program {
    return inferenceProgram(this.#network, { inputShape: this.#options.inputShape, batchSize: this.#batchSize });
  }

  /** The compiled Program of that name, compiled once. */
  #executable(name: string, define: () => Program): Promise<Executable> {
    const known = this.#executables.get(name);
    if (known) return known;
    const program = define();
    if (program.inputs.some((value) => inputName(value) === "dropoutKey")) this.#needsKey.add(name);
    const executable = this.engine.compile(program);
    this.#executables.set(name, executable);
    return executable;
  }

  /** Calls come back in the order in which they were made, even if one has to compile first. */
  #inOrder(compile: () => Promise<Executable>): Promise<Executable> {
    const compiled = this.#queue.then(compile);
    this.#queue = compiled.catch(() => {});
    return compiled;
  }
}

/** The key of step `step`'s dropout masks; see the op `dropoutMask`. */
const dropoutKey = (seed: number, step: number): Int32Array => Int32Array.of(seed, Math.floor(seed / 2 ** 32), step, 0);

const zeros = (shapes: StateShapes): StateDict =>
  new Map([...shapes].map(([name, shape]) => [name, float32Tensor(shape, new Float32Array(sizeOf(shape)))]));

const float32Values = (state: StateDict) =>
  new Map(
    [...state].map(([name, { shape, data }]) => [name, { shape, data: Float32Array.from(data as Float32Array) }]),
  );

/** Loss and accuracy in float64, so that they do not depend on the batch size. */
function evaluation(logits: Float32Array, labels: Int32Array): Evaluation {
  const rows = { data: logits, classes: logits.length / labels.length };
  const correct = argmaxRows(rows).reduce((sum, prediction, row) => sum + (prediction === labels[row] ? 1 : 0), 0);
  const loss = crossEntropyRows(rows, labels).reduce((sum, value) => sum + value, 0) / labels.length;
  return { count: labels.length, correct, accuracy: correct / labels.length, loss, logits, labels };
}

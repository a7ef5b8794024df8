/** A network on an engine: training steps, forward passes, weights in and out. The loop over epochs is the caller's. */
import {
  checkStateDict,
  float32Tensor,
  float32Values,
  int64Scalar,
  type StateDict,
  type StateShapes,
  type StateTensor,
} from "../checkpoint/index.ts";
import type { Dataset } from "../data/index.ts";
import { type Engine, type Feeds, openEngine, type VariableData } from "../engines/index.ts";
import { UserError } from "../errors.ts";
import { formatShape, sameShape, sizeOf } from "../graph/value.ts";
import { initialState, type Module, stateShapesOf, tensorsOf } from "../nn/index.ts";
import { adam, type Optimizer } from "../optim/optimizer.ts";
import { evaluationBy, paysConstants } from "./evaluation.ts";
import { expectFiniteStep } from "./finite-step.ts";
import type { Purpose } from "./frozen-part.ts";
import { NetworkPrograms } from "./network-programs.ts";
import type {
  EvaluateOptions,
  Evaluation,
  StepResult,
  StepRunOptions,
  TrainedPart,
  Trainer,
  TrainerOptions,
  TrainerPosition,
  TrainingBatch,
} from "./network-trainer.ts";
import { groupParameters, groupScalars, type StepGroup } from "./parameter-groups.ts";
import { averageName, slotName, trainedParameters } from "./programs.ts";
import { isStatistic, type StepOptions } from "./step-program.ts";
import { type PartResult, partResult, totalOf } from "./step-results.ts";

/** Puts a network on an engine, with fresh weights or the given ones. */
export async function openTrainer(network: Module, options: TrainerOptions): Promise<Trainer> {
  const engine = await openEngine(options.engine, options);
  try {
    const trainer = new EngineTrainer(network, engine, options);
    await trainer.initialise(options.seed ?? 0, options.weights);
    return trainer;
  } catch (error) {
    await engine.close();
    throw error;
  }
}

class EngineTrainer implements Trainer {
  readonly engine: Engine;
  readonly optimizer: Optimizer;
  readonly parameters: readonly string[];
  slotShapes: StateShapes = new Map();
  groups: readonly StepGroup[] = [];
  step = 0;
  readonly #network: Module;
  readonly #options: TrainerOptions;
  readonly #batchSize: number;
  readonly #programs: NetworkPrograms;
  #part: TrainedPart;
  /** Steps before a parameter was trained as it is now. */
  #since = new Map<string, number>();
  /** Steps before the moving averages began. */
  #averagedSince = 0;
  #averaged: ReadonlySet<string> = new Set();
  #seed = 0;
  #lastStep: Promise<unknown> = Promise.resolve();

  constructor(network: Module, engine: Engine, options: TrainerOptions) {
    const { batchSize = 64, optimizer = adam(), isFrozen, keepsStatistics, learningRateScale } = options;
    this.engine = engine;
    this.optimizer = optimizer;
    this.#network = network;
    this.#options = options;
    this.#batchSize = batchSize;
    this.#programs = new NetworkPrograms(network, engine, options);
    this.#part = { isFrozen, keepsStatistics, learningRateScale };
    this.parameters = trainedParameters(network).map(({ name }) => name);
    this.#regroup();
  }

  async initialise(seed: number, weights?: TrainerOptions["weights"]): Promise<void> {
    this.#seed = seed;
    if (weights && !weights.partial) await this.setWeights(weights.state, weights.from, weights);
    else {
      const known = stateShapesOf(this.#network);
      const given = float32Values(new Map([...(weights?.state ?? [])].filter(([name]) => known.has(name))));
      const drawn = initialState(this.#network, seed, (name) => !given.has(name));
      await this.#write(new Map([...drawn, ...given]), weights ?? { transfer: true });
    }
    await this.restore(zeros(this.slotShapes), { step: 0 });
  }

  async train(given: TrainingBatch | readonly TrainingBatch[], options: StepRunOptions = {}): Promise<StepResult> {
    const parts = "images" in given ? [given] : given;
    const step = ++this.step;
    const learningRate = options.learningRate ?? this.optimizer.learningRate;
    const weights = parts.map((part) => lossWeightOf(part, this.#options.lossWeight));
    const whole = weights.reduce((sum, weight) => sum + weight, 0);
    const all = parts.map((part, index) => {
      const last = index === parts.length - 1;
      const accumulation = parts.length === 1 ? undefined : last ? "last" : "part";
      const share = (weights[index] ?? 0) / whole;
      // each batch has dropout masks of its own
      const own = { dropoutKey: dropoutKey(this.#seed, step, index), shareOfStep: Float32Array.of(share) };
      const feeds = { ...own, ...(last && this.#stepScalars({ step, learningRate })) };
      return this.#run(part, { accumulation, share, feeds, transfer: options.transfer });
    });
    const results = Promise.all(all);
    this.#lastStep = results.catch(() => {});
    const result = { step, learningRate, ...totalOf(await results) };
    expectFiniteStep(result, parts);
    return result;
  }

  #stepScalars({ step, learningRate }: { step: number; learningRate: number }) {
    const averaged = step - this.#averagedSince;
    const decay = Math.min(this.#options.averageDecay ?? 0, (1 + averaged) / (10 + averaged));
    return {
      ...groupScalars(this.groups, this.optimizer, { step, learningRate }),
      averageShare: Float32Array.of(1 - decay),
    };
  }

  async #run(batch: TrainingBatch, { accumulation, share, feeds, transfer }: PartRun): Promise<PartResult> {
    const { labels } = batch;
    const mixed = "share" in batch;
    const others: Feeds = mixed ? { otherLabels: batch.otherLabels.slice(), share: Float32Array.of(batch.share) } : {};
    const form = { batchSize: labels.length, accumulation, mixed };
    const all = { labels: labels.slice(), ...others, ...feeds };
    return { share, ...partResult(await this.#programs.train(form, batch, all, transfer), labels) };
  }

  async logits(images: Float32Array, { areFeatures = false } = {}): Promise<Float32Array> {
    await this.#lastStep;
    return this.#programs.logits({ images, areFeatures }, this.#options.evaluationOnly);
  }

  featureShape(purpose: Purpose): readonly number[] | undefined {
    return this.#programs.featureShape(purpose);
  }

  features(images: Float32Array, purpose: Purpose): Promise<Float32Array> {
    return this.#programs.features(images, purpose);
  }

  async evaluate(dataset: Dataset, options: EvaluateOptions = {}): Promise<Evaluation> {
    const { areFeatures } = options;
    if (!areFeatures) this.#checkShape(dataset);
    const { inputShape, evaluationOnly } = this.#options;
    await this.#lastStep;
    // a frozen part has constant weights anyway, and little comes after it
    const isSplit = this.featureShape("infer") !== undefined;
    const constant = evaluationOnly || (!isSplit && paysConstants(this.#network, inputShape, dataset.length));
    try {
      const logitsOf = (images: Float32Array) => this.#programs.logits({ images, areFeatures }, constant);
      return await evaluationBy(logitsOf, dataset, { batchSize: this.#batchSize, ...options });
    } finally {
      if (!evaluationOnly) await this.#programs.releaseConstant(); // the next step changes the weights
    }
  }

  async weights({ averaged = false } = {}): Promise<Map<string, StateTensor>> {
    await this.#lastStep;
    const tensors = tensorsOf(this.#network);
    const stored = (name: string): string => (averaged && this.#averaged.has(name) ? averageName(name) : name);
    const values = await this.engine.read(tensors.map(({ name }) => stored(name)));
    return new Map(
      tensors.map(({ name, spec }) => {
        const { shape, data } = values.get(stored(name)) ?? { shape: spec.shape, data: new Float32Array() };
        return [name, spec.dtype === "int64" ? int64Scalar(data[0] ?? 0) : float32Tensor(shape, data)];
      }),
    );
  }

  async setWeights(weights: StateDict, from = "weights", options: WriteOptions = {}): Promise<void> {
    await this.#lastStep;
    await this.#write(float32Values(checkStateDict(weights, stateShapesOf(this.#network), from)), options);
  }

  async #write(values: ReadonlyMap<string, VariableData>, options: WriteOptions = {}): Promise<void> {
    const averages = this.#averagesOf(values);
    await this.engine.write(values, { transfer: options.transfer && averages.size === 0 });
    await this.engine.write(averages);
  }

  async averages(): Promise<Map<string, StateTensor>> {
    if (this.#averaged.size === 0) return new Map();
    const weights = await this.weights({ averaged: true });
    return new Map([...weights].filter(([name]) => this.#averaged.has(name)));
  }

  async setAverages(averages: StateDict): Promise<void> {
    await this.engine.write(this.#averagesOf(float32Values(averages)));
  }

  #averagesOf(values: ReadonlyMap<string, VariableData>): Map<string, VariableData> {
    const averaged = [...values].filter(([name]) => this.#averaged.has(name));
    return new Map(averaged.map(([name, value]) => [averageName(name), value]));
  }

  async optimizerSlots(): Promise<Map<string, StateTensor>> {
    await this.#lastStep;
    const values = await this.engine.read([...this.slotShapes.keys()]);
    return new Map([...values].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]));
  }

  async restore(slots: StateDict, { step, since = () => 0, averagedSince = 0 }: TrainerPosition): Promise<void> {
    await this.engine.write(float32Values(slots));
    this.step = step;
    this.#averagedSince = averagedSince;
    this.#since = new Map([...this.#since.keys()].map((name) => [name, since(name)]));
    this.#regroup();
  }

  async retrain(part: TrainedPart): Promise<void> {
    const [slots, averaged] = [this.slotShapes, this.#averaged];
    this.#part = part;
    this.#regroup();
    await this.#programs.release();
    await this.engine.write(float32Values(zeros(new Map([...this.slotShapes].filter(([name]) => !slots.has(name))))));
    const fresh = [...this.#averaged].filter((name) => !averaged.has(name));
    if (0 < fresh.length) await this.engine.write(this.#averagesOf(await this.engine.read(fresh)));
  }

  /** Works out what is trained, with which slots, in which groups and with which averages. */
  #regroup(): void {
    const { isFrozen, keepsStatistics = () => false, learningRateScale = () => 1 } = this.#part;
    const trained = trainedParameters(this.#network, isFrozen);
    this.#since = new Map(trained.map(({ name }) => [name, this.#since.get(name) ?? this.step]));
    this.slotShapes = new Map(
      trained.flatMap(({ name, shape }) => this.optimizer.slots.map((slot) => [slotName(name, slot), shape] as const)),
    );
    const names = trained.map(({ name }) => name);
    this.groups = groupParameters(names, { learningRateScale, since: (name) => this.#since.get(name) ?? 0 });
    const statistics = tensorsOf(this.#network).flatMap(({ name }) =>
      isStatistic(name) && !keepsStatistics(name.slice(0, Math.max(0, name.lastIndexOf(".")))) ? [name] : [],
    );
    this.#averaged = new Set(this.#options.averageDecay === undefined ? [] : [...names, ...statistics]);
    this.#programs.set({ part: this.#part, groups: this.groups, averaged: this.#averaged });
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
}

/** What a batch's mean loss divides by. Mixed labels count by their shares, as their losses do. */
function lossWeightOf(batch: TrainingBatch, weightOf = (labels: Int32Array): number => labels.length): number {
  if (!("share" in batch)) return weightOf(batch.labels);
  return batch.share * weightOf(batch.labels) + (1 - batch.share) * weightOf(batch.otherLabels);
}

/** The key of the dropout masks of a step's batch; see the op `dropoutMask`. */
const dropoutKey = (seed: number, step: number, part: number): Int32Array =>
  Int32Array.of(seed, Math.floor(seed / 2 ** 32), step, part);

type WriteOptions = { readonly transfer?: boolean };

/** One batch of a step. */
interface PartRun {
  readonly accumulation: StepOptions["accumulation"];
  /** What part the batch's mean loss has in that of the step. */
  readonly share: number;
  readonly feeds: Feeds;
  readonly transfer: boolean | undefined;
}

const zeros = (shapes: StateShapes): StateDict =>
  new Map([...shapes].map(([name, shape]) => [name, float32Tensor(shape, new Float32Array(sizeOf(shape)))]));

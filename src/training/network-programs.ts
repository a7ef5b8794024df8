/** The Programs of a network: training steps, forward passes, and its frozen part apart from both. */
import type { Engine, Feeds, Results } from "../engines/index.ts";
import type { Program } from "../graph/program.ts";
import { FEATURES, type Fixed, type SplitProgram, splitProgram } from "../graph/split.ts";
import { sizeOf } from "../graph/value.ts";
import type { Module } from "../nn/index.ts";
import { adam } from "../optim/optimizer.ts";
import { fixedOf, type Purpose } from "./frozen-part.ts";
import type { TrainedPart, TrainerOptions } from "./network-trainer.ts";
import type { StepGroup } from "./parameter-groups.ts";
import { ProgramCache } from "./program-cache.ts";
import { inferenceProgram } from "./programs.ts";
import { type StepOptions, trainingProgram } from "./step-program.ts";

/** Name of the forward pass whose weights are constants. */
const CONSTANT = "infer constant";

/** What decides which Programs there are. */
export interface TrainedState {
  readonly part: TrainedPart;
  readonly groups: readonly StepGroup[];
  /** Tensors that evaluation takes from their moving averages. */
  readonly averaged: ReadonlySet<string>;
}

/** What a training step is to be of. */
export type StepForm = Pick<StepOptions, "batchSize" | "accumulation" | "mixed">;

/** Images [N, C, H, W], or what the frozen part makes of them. */
export interface ImagesOrFeatures {
  readonly images: Float32Array;
  readonly areFeatures?: boolean;
}

/** Compiles and runs the Programs of a network as it is trained at present. */
export class NetworkPrograms {
  readonly #network: Module;
  readonly #options: TrainerOptions;
  readonly #batchSize: number;
  readonly #cache: ProgramCache;
  readonly #splits = new Map<Purpose, SplitProgram | undefined>();
  #state: TrainedState = { part: {}, groups: [], averaged: new Set() };
  #fixed: Fixed | undefined;

  constructor(network: Module, engine: Engine, options: TrainerOptions) {
    this.#network = network;
    this.#options = options;
    this.#batchSize = options.batchSize ?? 64;
    this.#cache = new ProgramCache(engine);
  }

  /** From now on the network is trained so. What is compiled stays until `release`. */
  set(state: TrainedState): void {
    this.#state = state;
    this.#fixed = fixedOf(this.#network, state.part);
    this.#splits.clear();
  }

  /** Frees everything that is compiled. */
  release(): Promise<void> {
    return this.#cache.release("");
  }

  /** One batch of a training step; its outputs. */
  async train(form: StepForm, given: ImagesOrFeatures, feeds: Feeds, transfer = false): Promise<Results> {
    const { batchSize, accumulation, mixed } = form;
    const images = await this.#forTrained(given, "train", transfer);
    const definition = {
      define: () => this.#trainedPart(this.#trainingProgram(form)),
      seldom: batchSize !== this.#batchSize,
    };
    const run = { feeds: { ...feeds, images, [FEATURES]: images }, transfer };
    return this.#cache.run(["train", batchSize, accumulation, mixed].join(" "), definition, run);
  }

  /** Logits [N, classes] of N images, at most a batch; with `constant` weights, which are compiled in. */
  async logits(given: ImagesOrFeatures, constant = false): Promise<Float32Array> {
    const rows = await this.#forTrained(given, "infer", false);
    const length = sizeOf(this.featureShape("infer") ?? this.#options.inputShape);
    const count = rows.length / length;
    const { whole, transfer } = this.#wholeBatch(rows, length, rows !== given.images);
    const [name, constants] = constant ? ([CONSTANT, "all"] as const) : ["infer"];
    const definition = { define: () => this.#trainedPart(this.#inferenceProgram()), constants };
    const run = { feeds: { images: whole, [FEATURES]: whole }, transfer };
    const { logits = new Float32Array() } = await this.#cache.run(name, definition, run);
    return logits.slice(0, (logits.length / this.#batchSize) * count);
  }

  /** Frees the forward pass of constant weights. */
  releaseConstant(): Promise<void> {
    return this.#cache.release(CONSTANT);
  }

  /** See `Trainer.featureShape`. */
  featureShape(purpose: Purpose): readonly number[] | undefined {
    if (!this.#splits.has(purpose)) {
      const whole = (): Program =>
        purpose === "train"
          ? this.#trainingProgram({ batchSize: this.#batchSize, mixed: false })
          : this.#inferenceProgram();
      this.#splits.set(purpose, this.#fixed && splitProgram(whole(), this.#fixed));
    }
    return this.#splits.get(purpose)?.features.shape.slice(1);
  }

  /**
   * See `Trainer.features`. Always computed in whole batches, so that they do not depend on how many are asked for. With
   * `transfer` the images may be given away.
   */
  async features(images: Float32Array, purpose: Purpose, transfer = false): Promise<Float32Array> {
    const shape = this.featureShape(purpose);
    const split = this.#splits.get(purpose);
    if (!shape || !split) throw new Error("features: nothing is frozen, or not in one part");
    const [one, length] = [sizeOf(this.#options.inputShape), sizeOf(shape)];
    const count = images.length / one;
    const found = new Float32Array(count * length);
    const definition = { define: () => split.prefix, constants: "all" } as const;
    for (let from = 0; from < count; from += this.#batchSize) {
      const size = Math.min(this.#batchSize, count - from);
      const batch = this.#wholeBatch(images.subarray(from * one, (from + size) * one), one, transfer);
      const run = { feeds: { images: batch.whole }, transfer: batch.transfer };
      const { features = new Float32Array() } = await this.#cache.run(`frozen ${purpose}`, definition, run);
      found.set(features.subarray(0, size * length), from * length);
    }
    return found;
  }

  /** What the trained part takes: features where there is a frozen part, or else the images. */
  async #forTrained(
    { images, areFeatures }: ImagesOrFeatures,
    purpose: Purpose,
    transfer: boolean,
  ): Promise<Float32Array> {
    return areFeatures || !this.featureShape(purpose) ? images : this.features(images, purpose, transfer);
  }

  /**
   * Rows of `length` floats, filled up with zeros to a whole batch, and whether their buffer is to be given away: a copy is,
   * rows that are a whole batch if the caller does so and nothing else is in it.
   */
  #wholeBatch(rows: Float32Array, length: number, transfer: boolean): { whole: Float32Array; transfer: boolean } {
    const size = this.#batchSize * length;
    if (!Number.isInteger(rows.length / length) || size < rows.length)
      throw new Error(`expected up to ${this.#batchSize} images of ${length} values but got ${rows.length} values`);
    if (rows.length === size) return { whole: rows, transfer: transfer && rows.buffer.byteLength === rows.byteLength };
    const whole = new Float32Array(size);
    whole.set(rows);
    return { whole, transfer: true };
  }

  /** What of a Program comes after its frozen part, where it has one. */
  #trainedPart(program: Program): Program {
    return (this.#fixed && splitProgram(program, this.#fixed)?.suffix) ?? program;
  }

  #trainingProgram(form: StepForm): Program {
    const { inputShape, loss, clipNorm, averageDecay, optimizer = adam() } = this.#options;
    const { part, groups } = this.#state;
    const groupOf = new Map(groups.flatMap(({ parameters }, group) => parameters.map((name) => [name, group])));
    return trainingProgram(this.#network, {
      ...{ ...form, ...part, inputShape, loss, clipNorm, optimizer, averages: averageDecay !== undefined },
      groupOf: (parameter) => groupOf.get(parameter) ?? 0,
    });
  }

  #inferenceProgram(): Program {
    const { inputShape } = this.#options;
    const isAveraged = (name: string): boolean => this.#state.averaged.has(name);
    return inferenceProgram(this.#network, { inputShape, batchSize: this.#batchSize, isAveraged });
  }
}

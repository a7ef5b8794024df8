/** The loop over the epochs of a run, with its evaluations and checkpoints. */
import { writeFileAtomic } from "../atomic-file.ts";
import { batchCount } from "../data/index.ts";
import type { LossAndAccuracy } from "../metrics/index.ts";
import { createSchedule, parseSchedule, type Schedule } from "../optim/schedule.ts";
import { type Best, type LastCheckpoint, type Progress, writeBest, writeLast } from "./checkpoint.ts";
import { meansOf, NO_TOTALS, runEpoch, type Totals } from "./epoch.ts";
import type { StepEvent, TrainingListener } from "./events.ts";
import { type StageData, stageData } from "./feature-cache.ts";
import { expectFinite } from "./finite-step.ts";
import { mixerOf } from "./mixing.ts";
import { orderOf } from "./objective.ts";
import type { RunFolder } from "./run-folder.ts";
import { type RunParts, startEvent } from "./run-parts.ts";
import { freezeIn, partOf, rateFactorIn, type Stage, sinceOf } from "./stages.ts";
import { summarise, type TrainSummary } from "./summary.ts";

/** Who hears of a run, and who may stop it. */
interface RunControl {
  readonly onEvent?: TrainingListener;
  readonly signal?: AbortSignal;
}

/** One run, from its beginning or from its `last.pth`. */
export class TrainingRun {
  readonly #run: RunParts;
  readonly #folder: RunFolder;
  readonly #options: RunControl;
  readonly #schedule: Schedule;
  readonly #order: ((epoch: number) => Uint32Array) | undefined;
  readonly #mix: ReturnType<typeof mixerOf>;
  readonly #stepsPerEpoch: number;
  readonly #measured = { seconds: 0, trainSeconds: 0, waitSeconds: 0, images: 0 };
  #best: Best | null = null;
  #stages: readonly Stage[];
  #data: { readonly train: StageData; readonly val: StageData } | undefined;
  #epochsSinceBest = 0;
  #last: { readonly train: LossAndAccuracy; readonly val: LossAndAccuracy } | undefined;
  #totals: Totals = NO_TOTALS;
  #began = performance.now();

  constructor(run: RunParts, folder: RunFolder, options: RunControl) {
    const { learningRate, epochs, schedule } = run.config;
    this.#run = run;
    this.#folder = folder;
    this.#options = options;
    const batches = batchCount(run.data.train.length, { batchSize: run.config.batchSize, mergeSingle: true });
    this.#stepsPerEpoch = Math.ceil(batches / run.config.accumulate);
    this.#stages = [{ freeze: freezeIn(run.config, 0), step: 0 }];
    this.#order = orderOf(run.config, run.data.train);
    this.#mix = mixerOf(run.config);
    this.#schedule = createSchedule(parseSchedule(schedule), {
      learningRate,
      epochs,
      stepsPerEpoch: this.#stepsPerEpoch,
    });
  }

  /** Writes the first checkpoint. */
  begin(): Promise<void> {
    return this.#save(0);
  }

  /** Trains from the beginning; undefined if the signal stopped the run. */
  train(): Promise<TrainSummary | undefined> {
    return this.#epochs(0, 0);
  }

  /** Goes on from a checkpoint; undefined if the signal stopped the run. */
  async resume(last: LastCheckpoint): Promise<TrainSummary | undefined> {
    await this.#restore(last);
    return this.#epochs(last.progress.epoch, last.progress.batch);
  }

  async #epochs(first: number, startBatch: number): Promise<TrainSummary | undefined> {
    const { config, trainer } = this.#run;
    this.#tellStart();
    try {
      for (let epoch = first; epoch < config.epochs && 0 < this.#stepsLeft() && !this.#isTired(); epoch++) {
        await this.#enterStage(epoch);
        const finished = await this.#epoch(epoch, epoch === first ? startBatch : 0);
        if (!finished) return await this.#stop(epoch);
      }
      return await this.#end(Math.floor(trainer.step / this.#stepsPerEpoch));
    } catch (error) {
      await this.#folder.flush().catch(() => {}); // the records lead to the error
      throw error;
    }
  }

  /** Whether the accuracy has not become better for as many epochs as the settings allow. */
  #isTired(): boolean {
    const { patience } = this.#run.config;
    const tired = patience !== 0 && patience <= this.#epochsSinceBest;
    const epochs = this.#epochsSinceBest === 1 ? "1 epoch" : `${this.#epochsSinceBest} epochs`;
    if (tired) this.#tell(`No better accuracy in ${epochs}: the run ends here.`);
    return tired;
  }

  /** Trains what is to be trained in this epoch. */
  async #enterStage(epoch: number): Promise<void> {
    const freeze = freezeIn(this.#run.config, epoch);
    if (this.#stages.at(-1)?.freeze === freeze && this.#data) return;
    if (this.#stages.at(-1)?.freeze !== freeze) await this.#beginStage(freeze, epoch);
    const options = {
      ...{ freeze, signal: this.#options.signal, onNote: (text: string) => this.#tell(text) },
      onProgress: (done: number, total: number) =>
        this.#options.onEvent?.({ type: "wait", what: "Computing features of the frozen part", done, total }),
    };
    this.#data = {
      train: await stageData(this.#run, { purpose: "train", ...options }),
      val: await stageData(this.#run, { purpose: "infer", ...options }),
    };
  }

  async #beginStage(freeze: string, epoch: number): Promise<void> {
    const { config, model, trainer } = this.#run;
    this.#stages = [...this.#stages, { freeze, step: trainer.step }];
    await trainer.retrain(partOf(model, config, freeze));
    this.#tell(`epoch ${epoch + 1}: ${freeze === "none" ? "all layers are trained" : `frozen: ${freeze}`}`);
  }

  #tell(text: string): void {
    this.#options.onEvent?.({ type: "note", text });
  }

  async #restore({ progress, weights, averages, slotsFor }: LastCheckpoint): Promise<void> {
    const { config, model, trainer } = this.#run;
    this.#stages = progress.stages;
    this.#epochsSinceBest = progress.epochsSinceBest;
    const freeze = progress.stages.at(-1)?.freeze ?? "none";
    if (freeze !== freezeIn(config, 0)) await trainer.retrain(partOf(model, config, freeze));
    await trainer.setWeights(weights, this.#folder.file("last"));
    await trainer.setAverages(averages);
    const since = sinceOf(model, progress.stages);
    await trainer.restore(slotsFor(trainer, since), { step: progress.step, since });
    this.#schedule.restore(progress.schedule);
    this.#best = progress.best;
    this.#totals = progress.totals;
    this.#measured.seconds = progress.seconds;
  }

  /** Does the rest of an epoch, or as much of it as `maxSteps` allows; false if it was stopped before that. */
  async #epoch(epoch: number, startBatch: number): Promise<boolean> {
    const { config, data, trainer, pool } = this.#run;
    const { batchSize, shuffle, seed, accumulate } = config;
    const { signal } = this.#options;
    if (startBatch === 0) this.#totals = NO_TOTALS;
    const began = performance.now();
    const before = this.#totals.count;
    const left = Math.min(this.#stepsLeft(), this.#stepsPerEpoch - startBatch);
    const endStep = trainer.step + left;
    const { dataset, areFeatures } = this.#data?.train ?? { dataset: data.train, areFeatures: false };
    const times = await runEpoch({
      ...{ trainer, dataset, areFeatures, batchSize, shuffle, seed, epoch, accumulate, signal },
      ...{ order: this.#order, startBatch: startBatch * accumulate, mergeSingle: true, mix: this.#mix },
      workers: pool ?? 0,
      limit: left,
      learningRateAt: (step) => this.#learningRate(step, epoch),
      onStep: ({ step, loss, correct, size, learningRate }) => {
        const { loss: sum, correct: right, count } = this.#totals;
        this.#totals = { loss: sum + loss * size, correct: right + correct, count: count + size };
        this.#folder.record({ type: "step", epoch: epoch + 1, step, loss, lr: learningRate });
        this.#tellStep({ epoch, step, loss, learningRate, began, images: this.#totals.count - before });
      },
      afterStep: (step) => {
        const due = config.evalEvery !== 0 && step % config.evalEvery === 0 && step !== endStep;
        return due ? () => this.#evaluateWithin(epoch) : undefined;
      },
    });
    this.#measured.trainSeconds += times.train;
    this.#measured.waitSeconds += times.wait;
    this.#measured.images += this.#totals.count - before;
    if (signal?.aborted && trainer.step < endStep) return false;
    if (trainer.step === (epoch + 1) * this.#stepsPerEpoch)
      await this.#endEpoch(epoch, began, times.wait / Math.max(1e-9, times.train));
    else {
      await this.#evaluateWithin(epoch);
      await this.#save(epoch);
    }
    return true;
  }

  async #endEpoch(epoch: number, began: number, waitShare: number): Promise<void> {
    const { train, val } = await this.#evaluate(epoch);
    const seconds = Math.round(performance.now() - began) / 1000;
    const moment = { type: "epoch", epoch: epoch + 1, step: this.#run.trainer.step } as const;
    const record = { ...moment, train, val, seconds, dataWaitShare: Math.round(1000 * waitShare) / 1000 };
    this.#folder.record(record);
    this.#schedule.afterEpoch(val.loss);
    this.#epochsSinceBest = this.#best?.epoch === epoch + 1 ? 0 : this.#epochsSinceBest + 1;
    this.#options.onEvent?.(record);
    await this.#save(epoch + 1);
  }

  async #evaluateWithin(epoch: number): Promise<void> {
    const { val } = await this.#evaluate(epoch);
    const record = { type: "eval", epoch: epoch + 1, step: this.#run.trainer.step, val } as const;
    this.#folder.record(record);
    this.#options.onEvent?.(record);
    await this.#folder.flush();
  }

  /** Evaluates, and keeps the weights if they are the best so far. */
  async #evaluate(epoch: number): Promise<{ train: LossAndAccuracy; val: LossAndAccuracy }> {
    const { trainer, data, pool, facts } = this.#run;
    const total = data.test.length;
    const onProgress = (done: number): void =>
      this.#options.onEvent?.({ type: "wait", what: "Evaluating", done, total });
    const { dataset, areFeatures } = this.#data?.val ?? { dataset: data.test, areFeatures: false };
    const evaluation = await trainer.evaluate(dataset, { areFeatures, workers: pool, onProgress });
    const { loss, accuracy } = evaluation;
    const learningRate = this.#learningRate(trainer.step - 1, epoch);
    expectFinite({ loss, step: trainer.step, learningRate }, "validation loss");
    this.#last = { train: meansOf(this.#totals), val: { loss, accuracy } };
    if (this.#best && accuracy <= this.#best.accuracy) return this.#last;
    const best = { epoch: epoch + 1, accuracy, loss };
    await writeBest(this.#folder.file("best"), await trainer.weights({ averaged: true }), { ...facts, best });
    this.#best = best;
    this.#options.onEvent?.({ type: "best", accuracy, file: this.#folder.file("best"), evaluation });
    return this.#last;
  }

  /** Writes `last.pth` after `epoch` whole epochs and perhaps some steps. */
  async #save(epoch: number): Promise<void> {
    const { trainer, facts, data } = this.#run;
    const progress: Progress = {
      epoch,
      step: trainer.step,
      batch: trainer.step - epoch * this.#stepsPerEpoch,
      totals: this.#totals,
      seconds: this.#seconds(),
      best: this.#best,
      schedule: this.#schedule.state(),
      stages: this.#stages,
      epochsSinceBest: this.#epochsSinceBest,
      dataHash: data.dataHash,
    };
    await this.#folder.flush();
    await writeLast(this.#folder.file("last"), trainer, { ...facts, progress });
  }

  async #stop(epoch: number): Promise<undefined> {
    await this.#save(epoch);
    this.#options.onEvent?.({ type: "stopped", run: this.#folder.path, step: this.#run.trainer.step });
    await this.#folder.flush();
  }

  async #end(epochs: number): Promise<TrainSummary> {
    const { trainer, facts, data } = this.#run;
    const measured = { ...this.#measured, seconds: this.#seconds() };
    const { path: run } = this.#folder;
    const end = { run, dataHash: data.dataHash, epochs, best: this.#best, last: this.#last, measured };
    const summary = await summarise(trainer, facts, end);
    await writeFileAtomic(this.#folder.file("summary"), `${JSON.stringify(summary, null, 2)}\n`);
    this.#options.onEvent?.({ type: "end", summary });
    await this.#folder.flush();
    return summary;
  }

  #learningRate(step: number, epoch: number): number {
    return this.#schedule.learningRateAt({ step, epoch }) * rateFactorIn(this.#run.config, epoch);
  }

  #seconds(): number {
    return this.#measured.seconds + (performance.now() - this.#began) / 1000;
  }

  /** Steps that the run still may do. */
  #stepsLeft(): number {
    const { config, trainer } = this.#run;
    const all = config.epochs * this.#stepsPerEpoch;
    return (config.maxSteps === 0 ? all : Math.min(all, config.maxSteps)) - trainer.step;
  }

  #tellStart(): void {
    const { path: run } = this.#folder;
    this.#options.onEvent?.(startEvent(this.#run, { run, stepsPerEpoch: this.#stepsPerEpoch }));
    for (const note of this.#run.notes) this.#tell(note);
  }

  #tellStep({ began, images, ...step }: TakenStep): void {
    const imagesPerSecond = (1000 * images) / (performance.now() - began);
    this.#options.onEvent?.({
      type: "step",
      ...step,
      epoch: step.epoch + 1,
      batch: step.step - step.epoch * this.#stepsPerEpoch,
      stepsPerEpoch: this.#stepsPerEpoch,
      secondsLeft: (this.#stepsLeft() * this.#run.data.train.length) / this.#stepsPerEpoch / imagesPerSecond,
      train: meansOf(this.#totals),
      imagesPerSecond,
    });
  }
}

/** A step that is done, and how many images its epoch had since it began. */
type TakenStep = Pick<StepEvent, "epoch" | "step" | "loss" | "learningRate"> & { began: number; images: number };

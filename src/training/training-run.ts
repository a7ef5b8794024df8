/** The loop over the epochs of a run, with its evaluations and checkpoints. */
import { writeFileAtomic } from "../atomic-file.ts";
import { batchCount, changedPhotos } from "../data/index.ts";
import type { LossAndAccuracy } from "../metrics/index.ts";
import { type Best, type LastCheckpoint, type Progress, writeBest, writeLast } from "./checkpoint.ts";
import { meansOf, NO_TOTALS, runEpoch, type Totals } from "./epoch.ts";
import { type StageData, stageData } from "./feature-cache.ts";
import { expectFinite } from "./finite-step.ts";
import { mixerOf } from "./mixing.ts";
import { orderOf } from "./objective.ts";
import { type StageClock, stageClock } from "./resuming/stage-clock.ts";
import { lastEvaluation, type RunFolder } from "./run-folder.ts";
import {
  type RunControl,
  type RunParts,
  type StageStart,
  startEvents,
  stepEvent,
  type TakenStep,
} from "./run-parts.ts";
import { freezeIn, partOf, type Stage, sinceOf } from "./stages.ts";
import { summarise, type TrainSummary } from "./summary.ts";

/** One stage of a run, from its beginning or from its `last.pth`. */
export class TrainingRun {
  readonly #run: RunParts;
  readonly #folder: RunFolder;
  readonly #options: RunControl;
  readonly #clock: StageClock;
  readonly #order: ((epoch: number) => Uint32Array) | undefined;
  readonly #mix: ReturnType<typeof mixerOf>;
  readonly #measured = { seconds: 0, trainSeconds: 0, waitSeconds: 0, images: 0 };
  #best: Best | null = null;
  #stages: readonly Stage[];
  #data: { readonly train: StageData; readonly val: StageData } | undefined;
  #epochsSinceBest = 0;
  #last: { readonly train: LossAndAccuracy; readonly val: LossAndAccuracy } | undefined;
  #totals: Totals = NO_TOTALS;
  #began = performance.now();

  constructor(run: RunParts, folder: RunFolder, options: RunControl) {
    const { stage } = options;
    this.#run = run;
    this.#folder = folder;
    this.#options = options;
    const batches = batchCount(run.data.train.length, { batchSize: run.config.batchSize, mergeSingle: true });
    this.#clock = stageClock(run.config, stage, batches);
    this.#stages = [{ freeze: freezeIn(run.config, stage.epoch), step: stage.step }];
    this.#order = orderOf(run.config, run.data.train);
    this.#mix = mixerOf(run.config);
  }

  /** Writes the first checkpoint. */
  begin = (): Promise<void> => this.#save(0);

  /** Trains from the beginning; undefined if the signal stopped the run. */
  train = (): Promise<TrainSummary | undefined> => this.#epochs(0, 0);

  /** Begins a later stage, which is saved at once; undefined if the signal stopped the run. */
  async beginStage({ weights, file, best, seconds }: StageStart): Promise<TrainSummary | undefined> {
    const { trainer } = this.#run;
    const { epoch, step } = this.#options.stage;
    await trainer.setWeights(weights, file, { transfer: true });
    await trainer.restore(new Map(), { step, since: () => step, averagedSince: step });
    this.#best = best;
    this.#measured.seconds = seconds;
    await this.#save(epoch);
    return this.#epochs(epoch, 0);
  }

  /** Goes on from a checkpoint; undefined if the signal stopped the run. */
  async resume(last: LastCheckpoint): Promise<TrainSummary | undefined> {
    await this.#restore(last);
    return this.#epochs(last.progress.epoch, last.progress.batch);
  }

  async #epochs(first: number, startBatch: number): Promise<TrainSummary | undefined> {
    const { config, trainer } = this.#run;
    this.#tellStart(first);
    try {
      await this.#evaluateStart(first);
      for (
        let epoch = first;
        epoch < config.epochs && 0 < this.#clock.stepsLeft(trainer.step) && !this.#isTired();
        epoch++
      ) {
        await this.#enterStage(epoch);
        const finished = await this.#epoch(epoch, epoch === first ? startBatch : 0);
        if (!finished) return await this.#stop(epoch);
      }
      return await this.#end(this.#clock.epochsDone(trainer.step));
    } catch (error) {
      await this.#folder.flush().catch(() => {}); // the records lead to the error
      throw error;
    }
  }

  /** Whether the accuracy has not become better for as many epochs as the settings allow. */
  #isTired(): boolean {
    const { patience } = this.#run.config;
    const tired = patience !== 0 && patience <= this.#epochsSinceBest;
    const count = this.#epochsSinceBest;
    if (tired) this.#tell(`No better accuracy in ${count} ${count === 1 ? "epoch" : "epochs"}: the run ends here.`);
    return tired;
  }

  /** Trains what is to be trained in this epoch. */
  async #enterStage(epoch: number): Promise<void> {
    const freeze = freezeIn(this.#run.config, epoch);
    if (this.#stages.at(-1)?.freeze === freeze && this.#data) return;
    if (this.#stages.at(-1)?.freeze !== freeze) await this.#beginStage(freeze, epoch);
    const onProgress = this.#waiting("Computing features of the frozen part");
    const options = { freeze, onProgress, onNote: (text: string) => this.#tell(text), signal: this.#options.signal };
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

  #waiting = (what: string) => (done: number, total: number) =>
    this.#options.onEvent?.({ type: "wait", what, done, total });

  async #restore({ progress, weights, averages, slotsFor }: LastCheckpoint): Promise<void> {
    const { config, model, trainer } = this.#run;
    this.#stages = progress.stages;
    this.#epochsSinceBest = progress.epochsSinceBest;
    const freeze = progress.stages.at(-1)?.freeze ?? "none";
    if (freeze !== freezeIn(config, this.#options.stage.epoch)) await trainer.retrain(partOf(model, config, freeze));
    await trainer.setWeights(weights, this.#folder.file("last"));
    await trainer.setAverages(averages);
    const since = sinceOf(model, progress.stages);
    const averagedSince = this.#options.stage.step;
    await trainer.restore(slotsFor(trainer, since), { step: progress.step, since, averagedSince });
    this.#clock.schedule.restore(progress.schedule);
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
    const left = Math.min(this.#clock.stepsLeft(trainer.step), this.#clock.stepsPerEpoch - startBatch);
    const endStep = trainer.step + left;
    const { dataset, areFeatures } = this.#data?.train ?? { dataset: data.train, areFeatures: false };
    const times = await runEpoch({
      ...{ trainer, dataset, areFeatures, batchSize, shuffle, seed, epoch, accumulate, signal },
      ...{ order: this.#order, startBatch: startBatch * accumulate, mergeSingle: true, mix: this.#mix },
      workers: pool ?? 0,
      limit: left,
      learningRateAt: (step) => this.#clock.learningRate(step, epoch),
      onStep: ({ step, loss, correct, size, learningRate }) => {
        const { loss: sum, correct: right, count } = this.#totals;
        this.#totals = { loss: sum + loss * size, correct: right + correct, count: count + size };
        this.#folder.record({ type: "step", epoch: epoch + 1, step, loss, lr: learningRate });
        const images = this.#totals.count - before;
        this.#tellStep({
          epoch,
          step,
          loss,
          learningRate,
          imagesPerSecond: (1000 * images) / (performance.now() - began),
        });
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
    if (trainer.step === this.#clock.stepsBefore(epoch + 1))
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
    this.#clock.schedule.afterEpoch(val.loss);
    this.#epochsSinceBest = this.#best?.epoch === epoch + 1 ? 0 : this.#epochsSinceBest + 1;
    this.#options.onEvent?.(record);
    await this.#save(epoch + 1);
  }

  /** Finds out how good the weights are that a stage begins with, on data of which that is not known. */
  async #evaluateStart(epoch: number): Promise<void> {
    const { number, step } = this.#options.stage;
    if (number === 1 || this.#best || this.#run.trainer.step !== step) return;
    await this.#enterStage(epoch);
    await this.#evaluateWithin(epoch - 1);
    await this.#save(epoch);
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
    const onProgress = (done: number): void => this.#waiting("Evaluating")(done, data.test.length);
    const { dataset, areFeatures } = this.#data?.val ?? { dataset: data.test, areFeatures: false };
    const evaluation = await trainer.evaluate(dataset, { areFeatures, workers: pool, onProgress });
    const { loss, accuracy } = evaluation;
    const learningRate = this.#clock.learningRate(trainer.step - 1, epoch);
    expectFinite({ loss, step: trainer.step, learningRate }, "validation loss");
    this.#last = { train: meansOf(this.#totals), val: { loss, accuracy } };
    if (this.#best && accuracy <= this.#best.accuracy) return this.#last;
    const best = { epoch: epoch + 1, accuracy, loss };
    const said = { ...facts, best, dataHash: data.dataHash };
    await writeBest(this.#folder.file("best"), await trainer.weights({ averaged: true }), said);
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
      batch: trainer.step - this.#clock.stepsBefore(epoch),
      totals: this.#totals,
      seconds: this.#seconds(),
      best: this.#best,
      schedule: this.#clock.schedule.state(),
      stage: this.#options.stage,
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
    const place = { run: this.#folder.path, dataHash: data.dataHash, epochs };
    const last = this.#last ?? (await lastEvaluation(this.#folder.path)); // of a run of which only the end was missing
    const photosChanged = await changedPhotos(data, (text) => this.#tell(text));
    const end = { ...place, photosChanged, best: this.#best, last, measured };
    const summary = await summarise(trainer, facts, end);
    await writeFileAtomic(this.#folder.file("summary"), `${JSON.stringify(summary, null, 2)}\n`);
    this.#options.onEvent?.({ type: "end", summary });
    await this.#folder.flush();
    return summary;
  }

  #seconds = (): number => this.#measured.seconds + (performance.now() - this.#began) / 1000;

  #tellStart(epoch: number): void {
    const place = { run: this.#folder.path, clock: this.#clock, stage: this.#options.stage, epoch, best: this.#best };
    for (const event of startEvents(this.#run, place)) this.#options.onEvent?.(event);
  }

  #tellStep(step: TakenStep): void {
    const [clock, totals] = [this.#clock, meansOf(this.#totals)];
    const stepsLeft = clock.stepsLeft(this.#run.trainer.step);
    this.#options.onEvent?.(stepEvent(step, { clock, train: totals, stepsLeft, images: this.#run.data.train.length }));
  }
}

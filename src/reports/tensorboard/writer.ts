/** Writes what a run tells into an event file that TensorBoard shows, while it trains. */
import { readdir } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { writeError } from "../../atomic-file.ts";
import { makeFolder } from "../../data/make-folder.ts";
import { readHeader } from "../../image/index.ts";
import type { LossAndAccuracy, MetricsRecord } from "../../metrics/index.ts";
import { appendOwn, readOwnBytes } from "../../own-file.ts";
import { readRecords, type TrainingEvent } from "../../training/index.ts";
import { encodeEvent, encodeRecord, FILE_VERSION, type SummaryValue, type TensorboardEvent } from "./events.ts";

/** Writes one event file. Nothing fails before `close`, which tells the first error. */
export interface TensorboardWriter {
  /** Takes what training tells, in order. */
  onEvent(event: TrainingEvent): void;
  /** Adds PNG files, each under the name of its file, at the last step. */
  addPictures(files: readonly string[]): void;
  /** Writes what is left; throws if a file could not be written. */
  close(): Promise<void>;
}

/** The folder of event files in a run's folder. */
export const TENSORBOARD_FOLDER = "tensorboard";
/** Steps that wait before they are written. */
const WAITING = 100;

/** A writer into the folder `tensorboard` of a run; the file is made when the run starts. */
export function openTensorboard(run: string): TensorboardWriter {
  const folder = join(run, TENSORBOARD_FOLDER);
  const file = join(folder, fileName());
  let waiting: TensorboardEvent[] = [];
  let lastStep = 0;
  let work: Promise<void> = Promise.resolve();
  const next = (act: () => Promise<void>): void => {
    work = work.then(act);
    work.catch(() => {}); // told by close
  };
  const append = (events: readonly TensorboardEvent[]): Promise<void> =>
    appendOwn(file, Buffer.concat(events.map((event) => encodeRecord(encodeEvent(event)))));
  const flush = (): void => {
    const events = waiting;
    waiting = [];
    if (0 < events.length) next(() => append(events));
  };
  const add = (record: MetricsRecord): void => {
    waiting.push(recordEvent(record));
    lastStep = record.step;
    if (record.type !== "step" || WAITING <= waiting.length) flush();
  };
  return {
    onEvent(event) {
      if (event.type === "start") next(async () => append(await firstEvents(run, event.step)));
      if (event.type === "step") {
        const { type, epoch, step, loss, learningRate } = event;
        add({ type, epoch, step, loss, lr: learningRate });
      }
      if (event.type === "epoch" || event.type === "eval") add(event);
    },
    addPictures(files) {
      flush();
      const step = lastStep;
      next(async () => append([{ ...moment(), step, values: await Promise.all(files.map(pictureOf)) }]));
    },
    async close() {
      flush();
      await work.catch((error: unknown) => {
        throw writeError(file, error);
      });
    },
  };
}

const moment = (): { wallTime: number } => ({ wallTime: Date.now() / 1000 });

/** TensorBoard takes files with `tfevents` in their names, in the order of these. */
const fileName = (): string => `events.out.tfevents.${Math.floor(Date.now() / 1000)}.${hostname()}.${process.pid}`;

/**
 * The beginning of a file: of a run that goes on, that steps from here on are made anew, or where no file is there yet, what
 * the run has recorded so far. Makes the folder.
 */
async function firstEvents(run: string, step: number): Promise<TensorboardEvent[]> {
  const folder = join(run, TENSORBOARD_FOLDER);
  await makeFolder(folder);
  const version = { ...moment(), fileVersion: FILE_VERSION };
  if (step === 0) return [version];
  const isThere = (await readdir(folder)).some((name) => name.includes("tfevents"));
  if (isThere) return [version, { ...moment(), step: step + 1, starts: true }];
  const before = (await readRecords(run)).filter((record) => record.step <= step);
  return [version, ...before.map(recordEvent)];
}

/** The figures of a record; those of a step under `step/`, those of an evaluation under the set they are of. */
function recordEvent(record: MetricsRecord): TensorboardEvent {
  const { step } = record;
  const set = (name: string, { loss, accuracy }: LossAndAccuracy): SummaryValue[] => [
    { tag: `loss/${name}`, scalar: loss },
    { tag: `accuracy/${name}`, scalar: accuracy },
  ];
  if (record.type === "step") {
    const values = [
      { tag: "step/loss", scalar: record.loss },
      { tag: "step/learning rate", scalar: record.lr },
    ];
    return { ...moment(), step, values };
  }
  if (record.type === "eval") return { ...moment(), step, values: set("validation", record.val) };
  const times: SummaryValue[] = [{ tag: "epoch/seconds", scalar: record.seconds }];
  if (record.dataWaitShare !== undefined) times.push({ tag: "epoch/data wait share", scalar: record.dataWaitShare });
  return { ...moment(), step, values: [...set("training", record.train), ...set("validation", record.val), ...times] };
}

async function pictureOf(file: string): Promise<SummaryValue> {
  const png = await readOwnBytes(file);
  const { width, height } = await readHeader(png, file);
  return { tag: basename(file, ".png"), png, width, height };
}

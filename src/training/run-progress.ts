/** How far a run is at this moment: `progress.json`, which its process writes for whoever looks at the folder, and removes at its end. */
import { rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../json.ts";
import { readOwn } from "../own-file.ts";
import type { TrainingListener } from "./events.ts";
import { isThere } from "./ownership/process-mark.ts";

/** Its name in a run's folder. */
export const PROGRESS_FILE = "progress.json";

const progressSchema = z.object({
  pid: z.number().int(),
  host: z.string(),
  /** When it was written, in milliseconds since 1970; again and again, also while nothing else changes. */
  written: z.number(),
  /** What takes the time, such as `Evaluating`; null while steps are made. */
  doing: z.object({ what: z.string(), done: z.number(), total: z.number().nullable() }).nullable(),
  /** The epoch under way, from 1, and all that are asked for. */
  epoch: z.number(),
  epochs: z.number(),
  /** Steps of the whole run, and of this epoch. */
  step: z.number(),
  batch: z.number(),
  stepsPerEpoch: z.number(),
  /** Seconds since this epoch began, or was gone on with. */
  epochSeconds: z.number(),
  imagesPerSecond: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** Over this epoch so far. */
  train: z.object({ loss: z.number(), accuracy: z.number() }).nullable(),
  /** Whether the last step is done: what is left is to draw its pictures. */
  isTrained: z.boolean(),
});

/** How far a run is. */
export type RunProgress = z.infer<typeof progressSchema>;

/** Milliseconds between two writings. */
const INTERVAL = 1000;
/** Milliseconds without a writing after which the process is not believed to be the one that wrote. */
const PATIENCE = 60_000;

/** What a run's folder says of its progress; undefined where nothing does. */
export async function readProgress(run: string): Promise<RunProgress | undefined> {
  const text = await readOwn(join(run, PROGRESS_FILE)).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return progressSchema.safeParse(parseJson(text)).data;
  } catch {
    return undefined;
  }
}

/** Whether the process that wrote it is at work: it is there and wrote lately. Of another machine only the second is known. */
export function isAtWork({ pid, host, written }: RunProgress, now = Date.now()): boolean {
  return now - written < PATIENCE && (host !== hostname() || isThere(pid));
}

/** Keeps a run's `progress.json`. */
export interface ProgressWriter {
  readonly hear: TrainingListener;
  /** Takes the file away, if the run has begun: before that it may be another process's. */
  close(): Promise<void>;
}

/** Writes the progress of a run once it has begun. A file that cannot be written is passed over: training goes on. */
export function openProgress(run: string): ProgressWriter {
  const file = join(run, PROGRESS_FILE);
  const temporary = join(run, `.${PROGRESS_FILE}.${process.pid}.tmp`);
  let now: Omit<RunProgress, "written" | "epochSeconds"> | undefined;
  let epochBegan = performance.now();
  let last: Promise<void> = Promise.resolve();
  const write = (): void => {
    const epochSeconds = Math.round((performance.now() - epochBegan) / 100) / 10;
    const text = `${JSON.stringify({ ...now, epochSeconds, written: Date.now() })}\n`;
    last = last.then(() => overwrite(temporary, text).then(() => rename(temporary, file))).catch(() => {});
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    hear(event) {
      if (event.type === "start") {
        const { epochs, step, stepsPerEpoch } = event;
        const unknown = { doing: null, imagesPerSecond: null, secondsLeft: null, train: null, isTrained: false };
        const place = { epoch: Math.floor(step / stepsPerEpoch) + 1, batch: step % stepsPerEpoch };
        now = { pid: process.pid, host: hostname(), epochs, step, stepsPerEpoch, ...place, ...unknown };
        epochBegan = performance.now();
        timer = setInterval(write, INTERVAL).unref();
        return write();
      }
      if (!now) return;
      if (event.type === "step") {
        const { epoch, batch, step, train, imagesPerSecond, secondsLeft } = event;
        now = { ...now, doing: null, epoch, batch, step, train, imagesPerSecond, secondsLeft };
      } else if (event.type === "wait") {
        now = { ...now, doing: { what: event.what, done: event.done, total: event.total ?? null } };
      } else if (event.type === "epoch") {
        epochBegan = performance.now();
        now = { ...now, doing: null, epoch: Math.min(event.epoch + 1, now.epochs), batch: 0, train: null };
      } else if (event.type === "end") now = { ...now, doing: null, isTrained: true };
    },
    async close() {
      clearInterval(timer);
      if (!now) return;
      await last;
      for (const name of [file, temporary]) await rm(name, { force: true }).catch(() => {});
    },
  };
}

/** Writes a file that is only ours, without following a link. */
async function overwrite(path: string, text: string): Promise<void> {
  await rm(path, { force: true });
  await writeFile(path, text, { flag: "wx" });
}

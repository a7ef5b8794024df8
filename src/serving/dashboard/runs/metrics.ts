/** `metrics.jsonl` as it grows: the records from a place in the file on. */
import { join } from "node:path";
import type { EpochRecord, EvalRecord, MetricsRecord } from "../../../metrics/index.ts";
import { openOwn } from "../../../own-file.ts";
import { RUN_FILES, recordsIn } from "../../../training/index.ts";
import type { Metrics } from "../api.ts";

/** Records from a place in the file on. */
export interface ReadMetrics {
  readonly records: readonly MetricsRecord[];
  /** The place after the last whole line. */
  readonly end: number;
  /** Whether the file is shorter than where the reading was to begin. */
  readonly wasCut: boolean;
}

const LINE_FEED = 10;

/** Reads whole lines from byte `start` on; those that are no records are passed over. A missing file has none. */
export async function readMetrics(run: string, start = 0): Promise<ReadMetrics> {
  const bytes = await readFrom(join(run, RUN_FILES.metrics), start);
  if (!bytes) return { records: [], end: 0, wasCut: 0 < start };
  const whole = bytes.subarray(0, bytes.lastIndexOf(LINE_FEED) + 1);
  return { records: recordsIn(whole.toString("utf8"), []), end: start + whole.length, wasCut: false };
}

async function readFrom(path: string, start: number): Promise<Buffer | undefined> {
  const file = await openOwn(path).catch(() => undefined);
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size < start) return undefined;
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(size - start), position: start });
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Steps that a page gets at first, at most. */
const STEPS = 1500;

/** Records as a page draws them. */
export function metricsOf({ records, end }: Pick<ReadMetrics, "records" | "end">): Metrics {
  const epochs: EpochRecord[] = [];
  const evals: EvalRecord[] = [];
  const steps: [number, number, number][] = [];
  for (const record of records) {
    if (record.type === "epoch") epochs.push(record);
    else if (record.type === "eval") evals.push(record);
    else steps.push([record.step, record.loss, record.lr]);
  }
  return { epochs, evals, steps: thinned(steps, STEPS), end };
}

/** Every nth item so that at most `most` remain, and the last one. */
export function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  const every = Math.ceil(items.length / (most - 1));
  return items.filter((_, index) => index % every === 0 || index === items.length - 1);
}

/** Run folders for tests, without any training. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { EpochRecord, MetricsRecord } from "../metrics/index.ts";
import { resolveConfig } from "../training/index.ts";

/** What a run's folder holds; a text is written as it is. */
export interface RunContent {
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly config?: string;
  readonly records?: readonly MetricsRecord[];
  readonly metrics?: string;
  readonly log?: string;
  readonly summary?: string;
}

/** The record of an epoch of ten steps; accuracy rises. */
export const epochRecord = (epoch: number): EpochRecord => ({
  ...{ type: "epoch", epoch, step: 10 * epoch, seconds: 2 },
  train: { loss: 1 / epoch, accuracy: 1 - 0.5 / epoch },
  val: { loss: 1.1 / epoch, accuracy: 1 - 0.6 / epoch },
});

/** A line of `metrics.jsonl`. */
export const recordLine = (record: MetricsRecord): string => `${JSON.stringify(record)}\n`;

/** Writes a run's folder. */
export async function writeRunFolder(folder: string, content: RunContent = {}): Promise<void> {
  await mkdir(folder, { recursive: true });
  const config = resolveConfig([{ from: "flag", values: { data: "digits", epochs: 100, ...content.settings } }]);
  const files: Record<string, string | undefined> = {
    "config.json": content.config ?? JSON.stringify(config, null, 2),
    "metrics.jsonl": content.metrics ?? (content.records ?? [epochRecord(1), epochRecord(2)]).map(recordLine).join(""),
    "log.txt": content.log ?? "2026-11-26T03:00:00.000Z mnist-cnn on the onnx engine\n",
    "summary.json": content.summary,
  };
  for (const [name, text] of Object.entries(files)) if (text !== undefined) await writeFile(join(folder, name), text);
}

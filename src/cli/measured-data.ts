/** Which images `ocelli eval` measures. */
import { realpath } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { type Dataset, findPhotos, type IdxData, namesPhotos, type SplitOptions } from "../data/index.ts";
import { UserError } from "../errors.ts";
import type { LoadedClassifier } from "../export/index.ts";
import type { TrainedOn } from "../training/index.ts";
import { loadFor } from "./data.ts";

/** Parts of a data set that may be asked for. */
export const SPLITS = ["val", "train", "test", "all"] as const;
/** One of them. */
export type Split = (typeof SPLITS)[number];

/** What is measured. */
export interface MeasuredData {
  readonly data: IdxData;
  readonly sets: readonly Dataset[];
  /** What a person should know of the choice, a sentence each. */
  readonly notes: readonly string[];
}

/** What is asked for. */
export interface MeasureRequest {
  /** Where the model is from, as it was given. */
  readonly path: string;
  readonly model: LoadedClassifier["model"];
  /** By default the validation images, or all where none are set aside. */
  readonly split?: Split;
}

/** Finds the images to be measured: of photos that are not divided yet all of them, unless the model was trained on these. */
export async function measuredData(data: string, request: MeasureRequest): Promise<MeasuredData> {
  const { model, split } = request;
  if (!(await namesPhotos(data))) return partOf(await loadFor(data, model.input), split);
  if (split === "test") return partOf(await loadFor(data, model.input, { measured: "test" }), "val");
  const found = await findPhotos(data, { measured: "whole" });
  if (0 < found.train.names.length) return partOf(await loadFor(data, model.input, { measured: "val" }), split);
  return undividedData(data, request, found.val.names.length);
}

const partOf = (data: IdxData, split: Split = "val", notes: readonly string[] = []): MeasuredData => {
  const { train, test } = data;
  return { data, notes, sets: { val: [test], test: [test], train: [train], all: [train, test] }[split] };
};

const count = (images: number): string => images.toLocaleString("en-US");

/** Photos without a validation set, of which there are `total`. */
async function undividedData(data: string, request: MeasureRequest, total: number): Promise<MeasuredData> {
  const { model, split } = request;
  const whole = async (note: readonly string[]): Promise<MeasuredData> =>
    partOf(await loadFor(data, model.input, { measured: "whole" }), "val", note);
  if (split === "all") return whole([]);
  const own = await ownDivision(data, request);
  if (own) {
    const part = split ?? "val";
    const measured = part === "val" ? own.data.test : own.data.train;
    const what = part === "val" ? "set aside for validation" : "was trained on";
    const changed = own.isSame
      ? []
      : ["The photos are not those of the run any more: it may have been trained on some of them."];
    const note = `Measuring the ${count(measured.length)} of ${count(total)} photos that the run ${what}; --split all: all of them.`;
    return partOf(own.data, part, [note, ...changed]);
  }
  if (split === undefined)
    return whole([`Measuring all ${count(total)} photos, since none are set aside for validation.`]);
  const divided = await loadFor(data, model.input, { measured: "val" });
  const measured = split === "val" ? divided.test : divided.train;
  const what = split === "val" ? "set aside for validation" : "train on";
  const note = `Measuring the ${count(measured.length)} of ${count(total)} photos that training would ${what} by default.`;
  return partOf(divided, split, [note]);
}

/** The photos as the model's run divided them, if it was trained on them, and whether they are still the same. */
async function ownDivision(
  data: string,
  { path, model }: MeasureRequest,
): Promise<{ data: IdxData; isSame: boolean } | undefined> {
  const trainedOn = model.trainedOn;
  if (!trainedOn) return undefined;
  const { valShare: share, seed } = trainedOn;
  const hash = trainedOn.dataSha256 ?? (await hashOfRun(path));
  const samePath = await isSamePlace(data, trainedOn);
  if (!samePath && hash === undefined) return undefined;
  const division: SplitOptions = { share, seed, measured: "val" };
  const found = await loadFor(data, model.input, division).catch((error: unknown) => {
    if (error instanceof UserError && !samePath) return undefined; // others photos, which cannot be divided
    throw error;
  });
  if (!found) return undefined;
  const isSame = hash === found.dataHash;
  return isSame || samePath ? { data: found, isSame: isSame || hash === undefined } : undefined;
}

/** The hash of the data that the run in a folder, or that of a file in it, was made on. */
async function hashOfRun(path: string): Promise<string | undefined> {
  const { isRunFolder, readRunAccount } = await import("../training/index.ts");
  const folder = /\.(pth|safetensors|onnx)$/.test(basename(path)) ? dirname(path) : path;
  if (!(await isRunFolder(folder))) return undefined;
  const { summary } = await readRunAccount(folder);
  return summary?.dataSha256;
}

async function isSamePlace(data: string, trainedOn: TrainedOn): Promise<boolean> {
  const [given, own] = await Promise.all(
    [data, trainedOn.data].map((path) => realpath(resolve(path)).catch(() => undefined)),
  );
  return given !== undefined && given === own;
}

/** A trained model as one file that other programs can use. */
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { writeFileAtomic } from "../atomic-file.ts";
import { type PthInput, type StateDict, stateHash, writePth, writeSafetensors } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import {
  type LoadedModel,
  type LoadModelOptions,
  loadModel,
  preprocessingEntry,
  removeUnfinishedOf,
} from "../training/index.ts";
import { type CardPrecision, cardMetadata, type ModelCard } from "./card.ts";
import type { Difference, Gain } from "./check.ts";
import { cardOf, findFacts } from "./facts.ts";
import { makeOnnx } from "./make-onnx.ts";
import { checkWebFolder, writeWeb } from "./web.ts";

/** What a model can be exported to. */
export const EXPORT_FORMATS = ["onnx", "pth", "safetensors", "web"] as const;
/** One of them. */
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** How a model is exported. */
export interface ExportOptions extends LoadModelOptions {
  readonly to: ExportFormat;
  /** The file to write, or the folder of the page. */
  readonly out: string;
  /** Of an ONNX file, or of that in the page; fp32 by default. */
  readonly precision?: CardPrecision;
  /** Threads that compute; all cores by default. */
  readonly threads?: number;
  /** Told what is left out and why, and what is being done. */
  readonly note?: (line: string) => void;
}

/** What an export came to. */
export interface ExportReport {
  readonly file: string;
  readonly bytes: number;
  readonly card: ModelCard;
  /** An ONNX file's answers against those of the run. */
  readonly difference: Difference | null;
  /** What an ONNX file of another precision gains and loses against fp32. */
  readonly gain: Gain | null;
}

/**
 * Exports a run folder or a checkpoint. An ONNX file is compared with the run before it is written; the others hold the
 * same tensors. Whatever cannot be exported is a `UserError`, and nothing is written.
 */
export async function exportModel(path: string, options: ExportOptions): Promise<ExportReport> {
  const { to, out, precision = "fp32", note = () => {}, threads = availableParallelism() } = options;
  if ((to === "pth" || to === "safetensors") && precision !== "fp32") {
    throw new UserError(
      `--precision: expected fp32, which a .${to} of a run holds, but got "${precision}".`,
      "Take --to onnx, or leave it out.",
    );
  }
  if (to === "web") await checkWebFolder(out);
  else await removeUnfinishedOf(out);
  const model = await loadModel(path, options);
  for (const text of model.notes ?? []) note(text);
  const facts = await findFacts(path, model, note);
  const card = cardOf(model, facts);
  if (to === "pth" || to === "safetensors")
    return { ...(await writeState(model, card, { to, out })), card, difference: null, gain: null };
  const { bytes: content, ...made } = await makeOnnx(model, facts, { card, precision, threads, note });
  if (to === "web") return { file: out, bytes: await writeWeb(out, { bytes: content, card: made.card }), ...made };
  await writeFileAtomic(out, content);
  return { file: out, bytes: content.length, ...made };
}

/** Writes the state dict with what is needed to use it, so that the file is a MODEL of its own. */
async function writeState(
  model: LoadedModel,
  card: ModelCard,
  { to, out }: { to: "pth" | "safetensors"; out: string },
): Promise<{ file: string; bytes: number }> {
  const { weights: state } = model;
  if (to === "safetensors") await writeSafetensors(out, { state, metadata: cardMetadata(card) });
  else await writePth(out, pthEntries(model, card));
  const written: StateDict = (await loadModel(out)).weights;
  if (stateHash(written) !== card.weights.sha256) throw new Error(`"${out}" does not hold what was written to it`);
  const { size } = await stat(out);
  return { file: out, bytes: size };
}

const pthEntries = (
  { weights, classes, name, options, input }: LoadedModel,
  card: ModelCard,
): Record<string, PthInput> => ({
  state_dict: weights,
  classes,
  model: name,
  model_options: { transform_input: options.transformInput ?? false },
  preprocessing: preprocessingEntry(input),
  card: JSON.stringify(card),
});

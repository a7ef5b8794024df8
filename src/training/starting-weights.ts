/** The network that a run begins with. */
import { stat } from "node:fs/promises";
import {
  describeLoad,
  type FetchOptions,
  fetchWeights,
  fitStateDict,
  readWeights,
  type StateDict,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { isHeadParameter, type ModelRecord, type NetworkOptions } from "../models/index.ts";
import { nearest } from "../nearest.ts";
import { type Module, stateShapesOf, tensorsOf } from "../nn/index.ts";
import { checkTransformInput, type FileOptions, optionsFor, otherModelHint, weightsFor } from "./file-weights.ts";

/** A network with the weights that it begins with. */
export interface StartingNetwork {
  readonly network: Module;
  /** Options of the network besides the classes. */
  readonly options: NetworkOptions;
  /** Weights of a file; what they lack begins at random. Undefined: everything does. */
  readonly weights?: StateDict;
  /** What came of the file, for people: a sentence for each fact. */
  readonly notes: readonly string[];
}

/** What is to be built. */
export interface StartOptions extends Pick<FetchOptions, "onProgress" | "signal">, FileOptions {
  readonly classes: number;
  /** `none`, `imagenet` (the first weights that torchvision publishes) or a file; see `readWeights`. */
  readonly weights: string;
  /** Options of the network, where it begins without a file. */
  readonly options?: NetworkOptions;
}

/**
 * The network of a model for so many classes. Of a file, everything must fit but the last layers: those begin at random if
 * their number of classes is another. What does not fit, and weights that cannot be had, are a `UserError`.
 */
export async function startingNetwork(model: ModelRecord, options: StartOptions): Promise<StartingNetwork> {
  const { classes, weights, options: known = {}, transformInput } = options;
  checkTransformInput(model, transformInput);
  if (weights === "none") {
    const own = { ...known, ...(transformInput === "yes" && { transformInput: true }) };
    return { network: model.build({ classes, ...own }), options: own, notes: [] };
  }
  await expectNoSlip(weights);
  const path = weights === "imagenet" ? await officialFile(model, options) : weights;
  const read = await readWeights(path);
  const said = optionsFor(model, read.entries, options);
  const network = model.build({ classes, newHead: true, ...said.options });
  const head = tensorsOf(network).flatMap(({ name }) => (isHeadParameter(model, name) ? name : []));
  const chosen = weightsFor(model, read, { file: path, ...options });
  const report = fitStateDict(chosen.state, stateShapesOf(network), {
    ...{ file: path, head, optional: model.auxiliary, foreign: chosen.foreign },
    hint: () => otherModelHint(model, read),
  });
  const [loaded, ...others] = describeLoad(report);
  const notes = [`weights of "${path}": ${loaded}`, ...others, ...chosen.notes, said.note];
  return {
    network,
    options: said.options,
    weights: report.loaded,
    notes: notes.filter((note) => note !== undefined),
  };
}

const FORMS = ["auto", "none", "imagenet"] as const;

/** Throws where a name was meant and no file: `imagnet`. */
async function expectNoSlip(weights: string): Promise<void> {
  const likely = nearest(weights, FORMS);
  if (!likely || likely === weights || (await stat(weights).catch(() => undefined))) return;
  throw new UserError(
    `weights: expected ${FORMS.join(", ")} or a file but there is no file "${weights}".`,
    `Did you mean "${likely}"?`,
  );
}

async function officialFile({ name, published }: ModelRecord, { onProgress, signal }: StartOptions): Promise<string> {
  const record = published?.weights[0];
  if (!record) {
    throw new UserError(
      `weights: expected a model with published weights but ${name} has none.`,
      "Take another --model, or leave --weights out.",
    );
  }
  return fetchWeights(record, { onProgress, signal });
}

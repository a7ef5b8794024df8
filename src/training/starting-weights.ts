/** The network that a run begins with. */
import { stat } from "node:fs/promises";
import {
  describeLoad,
  type FetchOptions,
  fetchWeights,
  fitStateDict,
  readWeights,
  type StateDict,
  type WeightsFile,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { MODELS, type ModelRecord, modernKeys, type NetworkOptions } from "../models/index.ts";
import { nearest } from "../nearest.ts";
import { type Module, stateShapesOf, tensorsOf } from "../nn/index.ts";

/** A network with the weights that it begins with. */
export interface StartingNetwork {
  readonly network: Module;
  /** Options of the network besides the classes. */
  readonly options: NetworkOptions;
  /** Weights of a file; what they lack begins at random. Undefined: everything does. */
  readonly weights?: StateDict;
  /** What came of the file, for people. */
  readonly told?: string;
}

/** What is to be built. */
export interface StartOptions extends Pick<FetchOptions, "onProgress" | "signal"> {
  readonly classes: number;
  /** `none`, `imagenet` (the first weights that torchvision publishes) or a file; see `readWeights`. */
  readonly weights: string;
  /** Options of the network, where there is no official file that says them. */
  readonly options?: NetworkOptions;
}

/**
 * The network of a model for so many classes. Of a file, everything must fit but the last layers: those begin at random if
 * their number of classes is another. What does not fit, and weights that cannot be had, are a `UserError`.
 */
export async function startingNetwork(model: ModelRecord, options: StartOptions): Promise<StartingNetwork> {
  const { classes, weights, options: known = {} } = options;
  if (weights === "none") return { network: model.build({ classes, ...known }), options: known };
  await expectNoSlip(weights);
  const given = weights === "imagenet" ? await officialFile(model, options) : { path: weights, options: known };
  const { path, options: networkOptions } = given;
  const network = model.build({ classes, newHead: true, ...networkOptions });
  const { state, entries } = await readWeights(path);
  const shapes = stateShapesOf(network);
  const head = tensorsOf(network).flatMap(({ name }) =>
    model.heads.some((part) => name.startsWith(`${part}.`)) ? name : [],
  );
  const report = fitStateDict(modernKeys(state), shapes, { file: path, head, hint: otherModelHint(model, entries) });
  return {
    network,
    options: networkOptions,
    weights: report.loaded,
    told: `weights of "${path}": ${describeLoad(report)}`,
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

/** What to do about weights that do not fit; a checkpoint may say which model it is of. */
function otherModelHint({ name }: ModelRecord, entries: WeightsFile["entries"]): string {
  const other = entries.get("model");
  return typeof other === "string" && other !== name && MODELS.some((known) => known.name === other)
    ? `The file says that it is of ${other}: add --model ${other}.`
    : `Give weights of ${name}, or the --model that these are of.`;
}

async function officialFile(
  { name, published }: ModelRecord,
  { onProgress, signal }: StartOptions,
): Promise<{ path: string; options: NetworkOptions }> {
  const record = published?.weights[0];
  if (!record) {
    throw new UserError(
      `weights: expected a model with published weights but ${name} has none.`,
      "Take another --model, or leave --weights out.",
    );
  }
  return { path: await fetchWeights(record, { onProgress, signal }), options: record.options };
}

/** The network that a run begins with. */
import {
  describeLoad,
  type FetchOptions,
  fetchWeights,
  fitStateDict,
  readWeights,
  type StateDict,
} from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import { type ModelRecord, modernKeys, type NetworkOptions } from "../models/index.ts";
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
  const given = weights === "imagenet" ? await officialFile(model, options) : { path: weights, options: known };
  const { path, options: networkOptions } = given;
  const network = model.build({ classes, newHead: true, ...networkOptions });
  const { state } = await readWeights(path);
  const shapes = stateShapesOf(network);
  const head = tensorsOf(network).flatMap(({ name }) =>
    model.heads.some((part) => name.startsWith(`${part}.`)) ? name : [],
  );
  const report = fitStateDict(modernKeys(state), shapes, { file: path, head });
  return {
    network,
    options: networkOptions,
    weights: report.loaded,
    told: `weights of "${path}": ${describeLoad(report)}`,
  };
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

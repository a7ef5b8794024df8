import { Command } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { LayerSummary, ModelRecord, NetworkSummary } from "../../models/index.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { examples, jsonOption, numeric } from "../options.ts";
import { print, printJson, table } from "../output.ts";

/** Classes of networks without published weights, which are for digits. */
const DIGITS = 10;
/** Those of ImageNet, which all published weights are for. */
const IMAGENET = 1000;
const MEBI = 2 ** 20;

const count = (value: number): string => value.toLocaleString("en-US");
const mebibytes = (bytes: number): string => `${(bytes / MEBI).toFixed(1)} MiB`;
const gigas = (macs: number): string => `${(macs / 1e9).toFixed(3)} G`;
const classesOf = ({ published }: ModelRecord): number => (published ? IMAGENET : DIGITS);

async function listNetworks(json?: boolean): Promise<void> {
  const { MODELS, summariseNetwork } = await import("../../models/index.ts");
  const models = MODELS.map((record) => {
    const { name, description, inputShape, published } = record;
    const classes = classesOf(record);
    const { parameters, macs, weightsBytes } = summariseNetwork(record.build({ classes }), inputShape);
    const weights = published?.weights ?? [];
    return { name, description, inputShape, classes, parameters, macs, weightsBytes, weights };
  });
  if (json) return printJson({ models });
  const rows = models.map(({ name, inputShape, parameters, macs, weightsBytes, weights, description }) => [
    ...[name, inputShape.join("×"), count(parameters), gigas(macs), mebibytes(weightsBytes)],
    ...[weights.map(({ top1 }) => `${top1.toFixed(2)}%`).join(", ") || "-", description],
  ]);
  print(table([["name", "image", "parameters", "MACs", "weights", "top-1", "description"], ...rows]));
  print(
    "\nMACs: multiply-accumulates of convolutions and linear layers for one image. top-1: of each published weights.",
  );
}

/** What `ocelli models NAME` takes. */
interface ShowOptions {
  readonly classes?: number | string;
  readonly freeze?: string;
  readonly json?: boolean;
}

const stateOf = ({ parameters, trainable }: LayerSummary): string => {
  if (parameters === 0) return "";
  if (trainable === 0) return "frozen";
  return trainable === parameters ? "trainable" : `${count(trainable)} trainable`;
};

function printNetwork({ layers, parameters, trainable, macs, weightsBytes, inputShape }: NetworkSummary): void {
  const rows = layers.map((layer) => [
    ...[layer.name ?? "", layer.kind, layer.outputShape?.join("×") ?? "in training alone"],
    ...[
      layer.parameters === 0 ? "" : count(layer.parameters),
      stateOf(layer),
      layer.macs === 0 ? "" : count(layer.macs),
    ],
  ]);
  print(table([["layer", "kind", "output", "parameters", "", "MACs"], ...rows]));
  print(
    `\nimage ${inputShape.join("×")}, ${gigas(macs)}MACs (multiply-accumulates), weights ${mebibytes(weightsBytes)}`,
  );
  print(`${count(parameters)} parameters: ${count(trainable)} trainable, ${count(parameters - trainable)} frozen`);
}

async function showNetwork(name: string, { classes: asked, freeze = "none", json }: ShowOptions): Promise<void> {
  const { findModel, frozenParameters, summariseNetwork } = await import("../../models/index.ts");
  const record = findModel(name);
  const classes = asked === undefined ? classesOf(record) : wholeNumber("--classes", asked);
  const network = record.build({ classes });
  const frozen = frozenParameters(record, network, freeze);
  const summary = summariseNetwork(network, record.inputShape, (parameter) => frozen.has(parameter));
  if (!json) return printNetwork(summary);
  const { description, minimumSize, published } = record;
  printJson({ name, description, classes, freeze, minimumSize, ...summary, weights: published?.weights ?? [] });
}

/** `ocelli models` */
export const modelsCommand = new Command("models")
  .description("List the networks that ocelli knows, or the layers of one")
  .argument("[name]", "a network, to see its layers with shapes and parameters")
  .option("--classes <count>", "of that network; as published by default", numeric)
  .option("--freeze <what>", "none, backbone, or the name of a layer: it and all before it")
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples("ocelli models", "ocelli models --json", "ocelli models resnet18 --classes 2 --freeze backbone"),
  )
  .action(
    guarded(async (name, options) => {
      if (name !== undefined) return showNetwork(name, options);
      if (options.classes !== undefined || options.freeze !== undefined)
        throw new UserError(
          "models: expected the name of a network with --classes or --freeze but there is none.",
          "Name one, such as: ocelli models resnet18 --freeze backbone",
        );
      await listNetworks(options.json);
    }),
  );

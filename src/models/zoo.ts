import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { type Module, tensorsOf, withNewHead } from "../nn/index.ts";
import { alexnet } from "./alexnet.ts";
import { densenet121, densenet161, densenet169, densenet201 } from "./densenet.ts";
import { inceptionV3 } from "./inception.ts";
import { isInLayers } from "./layers.ts";
import { mnistCnn } from "./mnist-cnn.ts";
import type { NetworkOptions } from "./network-options.ts";
import { resnet18, resnet34, resnet50, resnet101, resnet152 } from "./resnet.ts";
import { squeezenet10, squeezenet11 } from "./squeezenet.ts";
import { vgg11, vgg11Bn, vgg13, vgg13Bn, vgg16, vgg16Bn, vgg19, vgg19Bn } from "./vgg.ts";
import { PUBLISHED, type PublishedNetwork } from "./weights.ts";

/** What a network of the zoo is built with. */
export interface BuildOptions extends NetworkOptions {
  readonly classes: number;
  /**
   * Whether the last layer is to have a plain layer's first weights, as one that takes the place of a trained network's
   * has, and not those that the network begins a training from scratch with; false by default.
   */
  readonly newHead?: boolean;
}

/** A network that ocelli knows by name. */
export interface ModelRecord {
  readonly name: string;
  readonly description: string;
  /** Shape of one image: channels, height, width. Networks for photographs take other sizes too. */
  readonly inputShape: readonly [channels: number, height: number, width: number];
  /** Smallest height and width in evaluation. */
  readonly minimumSize: number;
  /** Names of the layers that answer with a logit for each class; their parameters are `fc.weight` and so on. */
  readonly heads: readonly string[];
  /** Names of layers that take part in training alone; built without them if `auxLogits` is false. */
  readonly auxiliary?: readonly string[];
  /** What torchvision publishes about it. */
  readonly published?: PublishedNetwork;
  /** A new network; its weights come from the trainer. */
  readonly build: (options: BuildOptions) => Module;
}

type Build = (options: NetworkOptions) => Module;

const PHOTOGRAPH = [3, 224, 224] as const;

const model = (
  { build, ...record }: Omit<ModelRecord, "build" | "name"> & { readonly build: Build },
  name: string,
): ModelRecord => ({
  ...record,
  name,
  build({ newHead = false, ...options }) {
    const network = build(options);
    if (!newHead) return network;
    const names = tensorsOf(network).map((tensor) => tensor.name);
    const present = record.heads.filter((head) => names.includes(`${head}.weight`));
    return withNewHead(network, present, options.classes);
  },
});

/** Networks of one family, which differ in depth. */
const family =
  (shared: Pick<ModelRecord, "heads" | "minimumSize"> & Partial<Pick<ModelRecord, "inputShape" | "auxiliary">>) =>
  (name: keyof typeof PUBLISHED, build: Build, description: string): ModelRecord =>
    model({ inputShape: PHOTOGRAPH, ...shared, description, published: PUBLISHED[name], build }, name);

const resnet = family({ heads: ["fc"], minimumSize: 1 });
const vgg = family({ heads: ["classifier.6"], minimumSize: 32 });
const densenet = family({ heads: ["classifier"], minimumSize: 29 });

const SMALL: ModelRecord = model(
  {
    description: "two 5×5 convolutions and one linear layer, for digits of 28×28 pixels",
    inputShape: [1, 28, 28],
    minimumSize: 28,
    heads: ["out"],
    build: mnistCnn,
  },
  "mnist-cnn",
);

/** All known networks. */
export const MODELS: readonly ModelRecord[] = [
  SMALL,
  resnet("resnet18", resnet18, "18 layers with shortcuts; the usual start"),
  resnet("resnet34", resnet34, "34 layers with shortcuts"),
  resnet("resnet50", resnet50, "50 layers with shortcuts around bottlenecks"),
  resnet("resnet101", resnet101, "101 layers with shortcuts around bottlenecks"),
  resnet("resnet152", resnet152, "152 layers with shortcuts around bottlenecks"),
  family({ heads: ["classifier.6"], minimumSize: 63 })("alexnet", alexnet, "5 convolutions, large linear layers; 2012"),
  vgg("vgg11", vgg11, "8 convolutions of 3×3, large linear layers"),
  vgg("vgg13", vgg13, "10 convolutions of 3×3, large linear layers"),
  vgg("vgg16", vgg16, "13 convolutions of 3×3, large linear layers"),
  vgg("vgg19", vgg19, "16 convolutions of 3×3, large linear layers"),
  vgg("vgg11_bn", vgg11Bn, "vgg11 with batch normalisation"),
  vgg("vgg13_bn", vgg13Bn, "vgg13 with batch normalisation"),
  vgg("vgg16_bn", vgg16Bn, "vgg16 with batch normalisation"),
  vgg("vgg19_bn", vgg19Bn, "vgg19 with batch normalisation"),
  family({ heads: ["classifier.1"], minimumSize: 21 })(
    "squeezenet1_0",
    squeezenet10,
    "few parameters, no linear layer",
  ),
  family({ heads: ["classifier.1"], minimumSize: 17 })("squeezenet1_1", squeezenet11, "squeezenet1_0 in half the time"),
  densenet("densenet121", densenet121, "121 layers, each reading all before it in its block"),
  densenet("densenet161", densenet161, "161 wide layers, each reading all before it in its block"),
  densenet("densenet169", densenet169, "169 layers, each reading all before it in its block"),
  densenet("densenet201", densenet201, "201 layers, each reading all before it in its block"),
  family({ heads: ["fc", "AuxLogits.fc"], auxiliary: ["AuxLogits"], minimumSize: 75, inputShape: [3, 299, 299] })(
    "inception_v3",
    inceptionV3,
    "branches of several kernel sizes; images of 299 pixels",
  ),
];

/** Whether a parameter belongs to a network's head; the others are its backbone. */
export const isHeadParameter = ({ heads }: ModelRecord, parameter: string): boolean => isInLayers(heads, parameter);

/** Whether a parameter belongs to layers that only training needs. */
export const isAuxiliaryParameter = ({ auxiliary = [] }: ModelRecord, parameter: string): boolean =>
  isInLayers(auxiliary, parameter);

/** The known network called `name`; an unknown name is a `UserError` that suggests the nearest. */
export function findModel(name: string): ModelRecord {
  const found = MODELS.find((known) => known.name === name);
  if (found) return found;
  const names = MODELS.map((known) => known.name);
  const likely = nearest(name, names);
  throw new UserError(
    `model: expected one of ${names.join(", ")} but got "${name}".`,
    likely ? `Did you mean "${likely}"?` : "List the models with `ocelli models`.",
  );
}

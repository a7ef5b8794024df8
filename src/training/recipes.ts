/** Settings that belong together, as data: what was run, how long it took and how good it was. */
import { namesPhotos } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { TrainConfig } from "./settings.ts";

/** Settings with what is known of them. */
export interface Recipe {
  readonly name: string;
  readonly description: string;
  /** How it was run for the figures below. */
  readonly command: string;
  /** What that came to, where, and when; absent where it was not run to its end. */
  readonly measured?: string;
  readonly settings: Partial<TrainConfig>;
}

/** All recipes. The settings win over defaults, and those of a file or of flags win over them. */
export const RECIPES: readonly Recipe[] = [
  {
    name: "mnist",
    description: "the seed's digits: a small network from scratch, Adam, pixels as 0..255",
    command: "ocelli train mnist --recipe mnist",
    measured: "accuracy 97.66 % after one epoch, 11 s on two cores of an AMD EPYC, 2026-11-25",
    settings: { model: "mnist-cnn", epochs: 1, batchSize: 64, optimizer: "adam", learningRate: 0.001, rawPixels: true },
  },
  {
    name: "photos",
    description:
      "what is taken for photos where no other is named: resnet18, a random crop and flip, SGD with a cosine",
    command: "ocelli train PHOTOS --weights imagenet",
    settings: {
      ...{ model: "resnet18", epochs: 15, batchSize: 16, augment: "standard" },
      ...{ optimizer: "sgd", learningRate: 0.002, momentum: 0.9, schedule: "cosine", evalEvery: 0 },
    },
  },
  {
    name: "tutorial",
    description:
      "PyTorch's tutorial on transfer learning: resnet18, all layers, SGD, a tenth of the rate every 7 epochs",
    command: "ocelli train hymenoptera --recipe tutorial --weights imagenet",
    settings: {
      ...{ model: "resnet18", epochs: 25, batchSize: 4, augment: "standard" },
      ...{ optimizer: "sgd", learningRate: 0.001, momentum: 0.9, schedule: "step:7:0.1", evalEvery: 0 },
    },
  },
  {
    name: "seed",
    description: "the seed's photos: resnet152, backbone frozen but for its batch statistics, SGD, strong augmentation",
    command: "ocelli train hymenoptera --recipe seed --weights imagenet",
    settings: {
      ...{ model: "resnet152", freeze: "backbone", batchNorm: "train", epochs: 25, batchSize: 64, augment: "seed" },
      ...{ optimizer: "sgd", learningRate: 0.001, momentum: 0.9, schedule: "step:7:0.1", evalEvery: 0 },
    },
  },
];

/** The recipe that is taken for data where no other is named; undefined if there is none. */
export const usualRecipe = async (data: string): Promise<string | undefined> =>
  (await namesPhotos(data)) ? "photos" : undefined;

/** The recipe of that name; another name is a `UserError` that suggests the nearest. */
export function findRecipe(name: string): Recipe {
  const found = RECIPES.find((recipe) => recipe.name === name);
  if (found) return found;
  const names = RECIPES.map((recipe) => recipe.name);
  const likely = nearest(name, names);
  throw new UserError(
    `--recipe: expected one of ${names.join(", ")} but got "${name}".`,
    likely ? `Did you mean "${likely}"?` : "Name one of them, or leave it out.",
  );
}

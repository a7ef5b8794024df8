/** The official weights that torchvision publishes: where they are, what they were made for and how good they are. */

/** How images become what weights were trained on: the shorter side to `resize` pixels, the centre of `crop` × `crop`. */
export interface Preprocessing {
  readonly resize: number;
  readonly crop: number;
  readonly interpolation: "bilinear" | "bicubic";
  /** Subtracted from red, green and blue of 0..1. */
  readonly mean: readonly [number, number, number];
  /** Divides them afterwards. */
  readonly std: readonly [number, number, number];
}

/** One file of weights for the 1000 classes of ImageNet. */
export interface WeightsRecord {
  /** torchvision's name of the version, such as `IMAGENET1K_V1`. */
  readonly name: string;
  readonly file: string;
  readonly url: string;
  /** The first 8 hexadecimal digits of the file's SHA-256. */
  readonly sha256: string;
  readonly mebibytes: number;
  readonly preprocessing: Preprocessing;
  /** Accuracy on ImageNet's validation images, in percent. */
  readonly top1: number;
  /** Share of images whose class is among the five likeliest, in percent. */
  readonly top5: number;
  /** Options with which the network is built for these weights. */
  readonly options: { readonly transformInput?: boolean };
}

/** What torchvision publishes about a network; the first weights are those of `pretrained=True`. */
export interface PublishedNetwork {
  /** With 1000 classes. */
  readonly parameters: number;
  /** Billions of multiply-accumulates for an image. */
  readonly gmacs: number;
  readonly weights: readonly WeightsRecord[];
}

const IMAGENET: Preprocessing = {
  resize: 256,
  crop: 224,
  interpolation: "bilinear",
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
};

type Figures = readonly [mebibytes: number, top1: number, top5: number];
type Changes = Partial<Pick<WeightsRecord, "preprocessing" | "options">>;

function version(name: string, file: string, [mebibytes, top1, top5]: Figures, changes: Changes = {}): WeightsRecord {
  const url = `https://download.pytorch.org/models/${file}`;
  const sha256 = file.slice(file.lastIndexOf("-") + 1, file.lastIndexOf("."));
  return { name, file, url, sha256, mebibytes, preprocessing: IMAGENET, top1, top5, options: {}, ...changes };
}

const v1 = (file: string, figures: Figures, changes?: Changes): WeightsRecord =>
  version("IMAGENET1K_V1", file, figures, changes);

/** Of torchvision's second recipe, whose images are resized to 232 pixels. */
const v2 = (file: string, figures: Figures): WeightsRecord =>
  version("IMAGENET1K_V2", file, figures, { preprocessing: { ...IMAGENET, resize: 232 } });

/** By the name of the network. */
export const PUBLISHED = {
  resnet18: {
    parameters: 11_689_512,
    gmacs: 1.814,
    weights: [v1("resnet18-f37072fd.pth", [44.661, 69.758, 89.078])],
  },
  resnet34: {
    parameters: 21_797_672,
    gmacs: 3.664,
    weights: [v1("resnet34-b627a593.pth", [83.275, 73.314, 91.42])],
  },
  resnet50: {
    parameters: 25_557_032,
    gmacs: 4.089,
    weights: [
      v1("resnet50-0676ba61.pth", [97.781, 76.13, 92.862]),
      v2("resnet50-11ad3fa6.pth", [97.79, 80.858, 95.434]),
    ],
  },
  resnet101: {
    parameters: 44_549_160,
    gmacs: 7.801,
    weights: [
      v1("resnet101-63fe2227.pth", [170.511, 77.374, 93.546]),
      v2("resnet101-cd907fc2.pth", [170.53, 81.886, 95.78]),
    ],
  },
  resnet152: {
    parameters: 60_192_808,
    gmacs: 11.514,
    weights: [
      v1("resnet152-394f9c45.pth", [230.434, 78.312, 94.046]),
      v2("resnet152-f82ba261.pth", [230.474, 82.284, 96.002]),
    ],
  },
  alexnet: {
    parameters: 61_100_840,
    gmacs: 0.714,
    weights: [v1("alexnet-owt-7be5be79.pth", [233.087, 56.522, 79.066])],
  },
  vgg11: {
    parameters: 132_863_336,
    gmacs: 7.609,
    weights: [v1("vgg11-8a719046.pth", [506.84, 69.02, 88.628])],
  },
  vgg13: {
    parameters: 133_047_848,
    gmacs: 11.308,
    weights: [v1("vgg13-19584684.pth", [507.545, 69.928, 89.246])],
  },
  vgg16: {
    parameters: 138_357_544,
    gmacs: 15.47,
    weights: [v1("vgg16-397923af.pth", [527.796, 71.592, 90.382])],
  },
  vgg19: {
    parameters: 143_667_240,
    gmacs: 19.632,
    weights: [v1("vgg19-dcbb9e9d.pth", [548.051, 72.376, 90.876])],
  },
  vgg11_bn: {
    parameters: 132_868_840,
    gmacs: 7.609,
    weights: [v1("vgg11_bn-6002323d.pth", [506.881, 70.37, 89.81])],
  },
  vgg13_bn: {
    parameters: 133_053_736,
    gmacs: 11.308,
    weights: [v1("vgg13_bn-abd245e5.pth", [507.59, 71.586, 90.374])],
  },
  vgg16_bn: {
    parameters: 138_365_992,
    gmacs: 15.47,
    weights: [v1("vgg16_bn-6c64b313.pth", [527.866, 73.36, 91.516])],
  },
  vgg19_bn: {
    parameters: 143_678_248,
    gmacs: 19.632,
    weights: [v1("vgg19_bn-c79401a0.pth", [548.143, 74.218, 91.842])],
  },
  squeezenet1_0: {
    parameters: 1_248_424,
    gmacs: 0.819,
    weights: [v1("squeezenet1_0-b66bff10.pth", [4.778, 58.092, 80.42])],
  },
  squeezenet1_1: {
    parameters: 1_235_496,
    gmacs: 0.349,
    weights: [v1("squeezenet1_1-b8a52dc0.pth", [4.729, 58.178, 80.624])],
  },
  densenet121: {
    parameters: 7_978_856,
    gmacs: 2.834,
    weights: [v1("densenet121-a639ec97.pth", [30.845, 74.434, 91.972])],
  },
  densenet161: {
    parameters: 28_681_000,
    gmacs: 7.728,
    weights: [v1("densenet161-8d451a50.pth", [110.369, 77.138, 93.56])],
  },
  densenet169: {
    parameters: 14_149_480,
    gmacs: 3.36,
    weights: [v1("densenet169-b2777c0a.pth", [54.708, 75.6, 92.806])],
  },
  densenet201: {
    parameters: 20_013_928,
    gmacs: 4.291,
    weights: [v1("densenet201-c1103571.pth", [77.373, 76.896, 93.37])],
  },
  inception_v3: {
    parameters: 27_161_264,
    gmacs: 5.713,
    weights: [
      v1("inception_v3_google-0cc3c7bd.pth", [103.903, 77.294, 93.45], {
        preprocessing: { ...IMAGENET, resize: 342, crop: 299 },
        options: { transformInput: true },
      }),
    ],
  },
} satisfies Readonly<Record<string, PublishedNetwork>>;

/** How photos are prepared where nothing else is said. */
import { type Augmentation, IMAGENET_PREPROCESSING, type Preprocessing } from "../../image/index.ts";

/** How photos become a network's input; plain data, which crosses to worker threads. */
export interface PreparationSpec {
  /** What is changed by chance; `none` gives the pixels of evaluation. */
  readonly augmentation: Augmentation;
  readonly preprocessing: Preprocessing;
  /** Whether pictures are turned as their EXIF data says; torchvision does not. */
  readonly orient: boolean;
  /** Probability with which a rectangle is overwritten, 0..1; 0 by default. */
  readonly erasing?: number;
}

/** How training and validation photos are prepared. */
export interface PhotoPreparations {
  readonly train: PreparationSpec;
  readonly val: PreparationSpec;
}

/** What `photoPreparations` takes; what is left out is as ImageNet's networks take it. */
export interface PreparationOptions extends Partial<Preprocessing> {
  /** Of training photos; `standard` by default. */
  readonly augmentation?: Augmentation;
  /** Whether pictures are turned as their EXIF data says; yes by default. */
  readonly orient?: boolean;
  /** Probability with which a rectangle of a training photo is overwritten, 0..1; 0 by default. */
  readonly erasing?: number;
}

/** The shorter side before the centre crop, as a multiple of the crop: 256 for 224, 342 for Inception's 299. */
const RESIZE_RATIO = IMAGENET_PREPROCESSING.resize / IMAGENET_PREPROCESSING.crop;

/** An augmentation for training; resize and centre crop for validation. */
export function photoPreparations(options: PreparationOptions = {}): PhotoPreparations {
  const { augmentation = "standard", orient = true, erasing = 0, ...given } = options;
  const { crop = IMAGENET_PREPROCESSING.crop } = given;
  const preprocessing = { ...IMAGENET_PREPROCESSING, resize: Math.round(crop * RESIZE_RATIO), ...given };
  const common = { preprocessing, orient };
  return { train: { ...common, augmentation, erasing }, val: { ...common, augmentation: "none" } };
}

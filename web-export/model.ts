/** What the page knows of its model: the part of the model card that it shows or needs. */

/** How pictures become the model's input; see the model card. */
export type PageInput =
  | { readonly kind: "pixels"; readonly inputShape: readonly [1 | 3, number, number] }
  | {
      readonly kind: "photos";
      readonly resize: number;
      readonly crop: number;
      readonly interpolation: "bilinear" | "bicubic";
      readonly exif: boolean;
    };

/** The content of `model.json`. */
export interface PageModel {
  readonly ocelli: string;
  readonly model: string;
  readonly precision: string;
  readonly classes: readonly string[];
  readonly preprocessing: PageInput;
  readonly data: { readonly name: string; readonly counts: { readonly train: readonly number[] } | null } | null;
  readonly accuracy: {
    readonly value: number;
    readonly interval: readonly [number, number];
    readonly count: number;
  } | null;
  readonly weights: { readonly licence: string };
}

/** Height, width and channels of what the model takes. */
export function inputSize(input: PageInput): { height: number; width: number; channels: 1 | 3 } {
  if (input.kind === "photos") return { height: input.crop, width: input.crop, channels: 3 };
  const [channels, height, width] = input.inputShape;
  return { height, width, channels };
}

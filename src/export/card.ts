/** The model card: what a person should know of a model, inside its file. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { UserError } from "../errors.ts";
import { parsedJson } from "../json.ts";
import type { ModelInput } from "../training/index.ts";

/** The version of the card's form that this version writes and reads. */
const FORM = 1;

const count = z.number().int().min(0);
const share = z.number().min(0).max(1);

const accuracySchema = z.object({
  /** Share of validation pictures whose class was told right. */
  value: share,
  /** Wilson's interval of 95 %. */
  interval: z.tuple([share, share]),
  correct: count,
  count,
});

const inputSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("pixels"),
    inputShape: z.tuple([z.literal([1, 3]), z.number().int().min(1), z.number().int().min(1)]),
    rawPixels: z.boolean(),
    transpose: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal("photos"),
    resize: z.number().int().min(1),
    crop: z.number().int().min(1),
    interpolation: z.enum(["bilinear", "bicubic"]),
    mean: z.tuple([z.number(), z.number(), z.number()]),
    std: z.tuple([z.number(), z.number(), z.number()]),
    exif: z.boolean(),
  }),
]);

const cardSchema = z.object({
  form: z.literal(FORM),
  /** Version of ocelli that wrote the file. */
  ocelli: z.string(),
  model: z.string(),
  classes: z.array(z.string()).min(1),
  /** Whether the network takes ImageNet's normalisation to −1..1 by itself, as torchvision's Inception. */
  transformInput: z.boolean(),
  /** Multiplications and additions are done in fp32 but for int8; fp16 is how the weights are stored. */
  precision: z.enum(["fp32", "fp16", "int8"]),
  /** How pictures become the network's input; what comes after the crop is part of an ONNX graph. */
  preprocessing: inputSchema,
  /** The pictures of the run; counts by class in the order of `classes`, null where the data are not there any more. */
  data: z
    .object({
      name: z.string(),
      sha256: z.string().nullable(),
      counts: z.object({ train: z.array(count), val: z.array(count) }).nullable(),
    })
    .nullable(),
  /** On the validation pictures, with the weights as they are in the file; null where it is not known. */
  accuracy: accuracySchema.nullable(),
  /** Of the fp32 model on the same pictures, in files of another precision. */
  accuracyFp32: accuracySchema.nullable(),
  /** The settings of the run. */
  recipe: z.record(z.string(), z.unknown()).nullable(),
  seed: z.number().nullable(),
  run: z.string().nullable(),
  weights: z.object({
    /** Of the network's fp32 weights. */
    sha256: z.string(),
    /** What training began with: `none`, `imagenet` or a file; null where it is not known. */
    start: z.string().nullable(),
    licence: z.string(),
  }),
});

/** What a person should know of a model. */
export type ModelCard = z.infer<typeof cardSchema>;
/** An accuracy with its interval. */
export type CardAccuracy = z.infer<typeof accuracySchema>;
/** Precision of a file. */
export type CardPrecision = ModelCard["precision"];

/** The version of this package. */
export const ocelliVersion = (): string =>
  (JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { version: string }).version;

/** A card of this version's form. */
export const newCard = (content: Omit<ModelCard, "form" | "ocelli">): ModelCard => ({
  form: FORM,
  ocelli: ocelliVersion(),
  ...content,
});

/** How a checkpoint says how pictures are prepared. */
function preprocessingText({ preprocessing }: ModelCard): string {
  if (preprocessing.kind === "photos") return JSON.stringify({ ...preprocessing, kind: undefined });
  const { inputShape, rawPixels, transpose } = preprocessing;
  return JSON.stringify({ input_shape: inputShape, raw_pixels: rawPixels, transpose });
}

/** Texts by key that a file holds: the whole card as JSON, and by itself what checkpoints say and people look for. */
export const cardMetadata = (card: ModelCard): Record<string, string> => ({
  model: card.model,
  classes: JSON.stringify(card.classes),
  model_options: JSON.stringify({ transform_input: card.transformInput }),
  preprocessing: preprocessingText(card),
  accuracy: card.accuracy ? String(card.accuracy.value) : "",
  licence: card.weights.licence,
  card: JSON.stringify(card),
});

/** The card in a file's texts. None, one of another version or a damaged one is a `UserError`. */
export function parseCard(texts: Readonly<Record<string, string>>, file: string): ModelCard {
  const { card } = texts;
  if (card === undefined) {
    throw new UserError(
      `"${file}": expected a model that ocelli exported but there is no model card in it.`,
      "Export a run with: ocelli export RUN --to onnx. Any other ONNX model can be served: ocelli serve FILE",
    );
  }
  const content = parsedJson(card);
  const parsed = cardSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  const form = typeof content === "object" && content !== null && "form" in content ? content.form : undefined;
  if (typeof form === "number" && FORM < form) {
    throw new UserError(
      `"${file}": expected a model card of form ${FORM} but it is of form ${form}, which a newer ocelli wrote.`,
      "Update ocelli.",
    );
  }
  const [issue] = parsed.error.issues;
  const where = issue && 0 < issue.path.length ? `"${issue.path.join(".")}" is wrong` : "it is no JSON object";
  throw new UserError(`"${file}": expected a model card but ${where}.`, "Export the run again.");
}

/** How the pictures of a card's model are prepared. */
export const cardInput = ({ preprocessing }: ModelCard): ModelInput => preprocessing;

/** What `auto` means for the weights that a run begins with: photos begin with the official ones, where a network has them. */
import { type FetchOptions, fetchWeights, locateWeights, type WeightsPlace } from "../checkpoint/index.ts";
import { namesPhotos } from "../data/index.ts";
import { UserError } from "../errors.ts";
import { findModel, type WeightsRecord } from "../models/index.ts";
import type { ResolvedConfig } from "./config.ts";

/** How long a server may be silent before official weights that nobody named count as out of reach. */
const PATIENCE_MS = 10_000;

/** The official weights that photos begin with by default cannot be had. */
export class WeightsOutOfReach extends UserError {
  /** Where they are published. */
  readonly url: string;

  constructor(model: string, { url }: WeightsRecord, cause: UserError) {
    super(
      `weights: expected the official ones of ${model}, with which photos begin by default, but they cannot be had. ${cause.message}`,
      `Set weights to a file, such as one fetched from ${url}, or to none to begin at random.`,
      { cause },
    );
    this.url = url;
  }
}

const withWeights = (config: ResolvedConfig, value: "imagenet" | "none"): ResolvedConfig => ({
  ...config,
  weights: { ...config.weights, value },
});

/** The weights that `auto` means for data that are photos or not: `imagenet` or `none`; others stay as they are. */
export function withKnownWeights(config: ResolvedConfig, arePhotos: boolean): ResolvedConfig {
  if (config.weights.value !== "auto") return config;
  const { published } = findModel(config.model.value);
  return withWeights(config, arePhotos && published ? "imagenet" : "none");
}

/**
 * The settings of a run that is about to begin, with its weights known and, where they were left to `auto`, at hand. Official
 * weights that cannot be had are a `WeightsOutOfReach`: to train from scratch unasked would cost the person most of the accuracy.
 */
export async function settleWeights(
  config: ResolvedConfig,
  { arePhotos, ...options }: FetchOptions & { readonly arePhotos: boolean },
): Promise<{ config: ResolvedConfig; told?: string }> {
  const known = withKnownWeights(config, arePhotos);
  if (known === config || known.weights.value === "none") return { config: known };
  const { name, published } = findModel(config.model.value);
  const [record] = published?.weights ?? [];
  if (!record) throw new Error(`${name} has no official weights`);
  await fetchWeights(record, { timeoutMs: PATIENCE_MS, ...options }).catch((error: unknown) => {
    throw error instanceof UserError ? new WeightsOutOfReach(name, record, error) : error;
  });
  return { config: known, told: `photos begin with the official weights of ${name}; --weights none: from scratch` };
}

/** The settings as training would take them, and where official weights would come from; fetches nothing. */
export async function foreseeWeights(
  config: ResolvedConfig,
): Promise<{ config: ResolvedConfig; place?: WeightsPlace }> {
  const known = withKnownWeights(config, await namesPhotos(config.data.value));
  const [record] = findModel(config.model.value).published?.weights ?? [];
  if (known.weights.value !== "imagenet" || !record) return { config: known };
  return { config: known, place: await locateWeights(record, { timeoutMs: PATIENCE_MS }) };
}

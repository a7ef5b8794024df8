/** What a frozen part makes of the images of a data set, computed once. */
import { createHash } from "node:crypto";
import { totalmem } from "node:os";
import { join } from "node:path";
import { cacheFolder, cacheLimit, readSealed, trimFeatures, writeSealed } from "../cache/index.ts";
import { stateHash } from "../checkpoint/index.ts";
import { batches, changedPhotos, type Dataset, type PhotoDataset } from "../data/index.ts";
import { messageOf } from "../errors.ts";
import { sizeOf } from "../graph/value.ts";
import type { Purpose } from "./frozen-part.ts";
import { isFixedIn } from "./frozen-part.ts";
import type { RunParts } from "./run-parts.ts";
import type { TrainConfig } from "./settings.ts";
import { partOf } from "./stages.ts";

/** Images, or what the frozen part makes of them. */
export interface StageData {
  readonly dataset: Dataset;
  readonly areFeatures: boolean;
}

/** What tells a person how far it is. */
interface CacheListener {
  readonly onProgress: (done: number, total: number) => void;
  readonly onNote: (text: string) => void;
  /** Gives up; the data are then the images themselves. */
  readonly signal: AbortSignal | undefined;
}

/** Share of the machine's memory that features may take. */
const MEMORY_SHARE = 0.25;

/** Views of each image that are computed: 1 where it is the same in each epoch, 0 where none may be kept. */
function viewsOf({ cache, augment, erase, mixup, cutmix, views }: TrainConfig, purpose: Purpose): number {
  if (cache === "none") return 0;
  if (purpose === "infer") return 1;
  if (mixup !== 0 || cutmix !== 0) return 0;
  return augment === "none" && erase === 0 ? 1 : views;
}

/**
 * The data of a stage: features where something is frozen, the images do not change from epoch to epoch or only so many
 * views of each are wanted, and they fit into memory; else the images themselves. They are kept on disk by the hash of
 * weights, data and preprocessing, unless the settings say otherwise. The results are those of the images themselves.
 */
export async function stageData(
  run: RunParts,
  { purpose, freeze, ...listener }: { purpose: Purpose; freeze: string } & CacheListener,
): Promise<StageData> {
  const { config, data, trainer } = run;
  const dataset = purpose === "train" ? data.train : data.test;
  const shape = trainer.featureShape(purpose);
  const views = viewsOf(config, purpose);
  if (!shape || views === 0) return { dataset, areFeatures: false };
  const size = sizeOf(shape);
  const bytes = 4 * size * dataset.length * views;
  if (MEMORY_SHARE * totalmem() < bytes) {
    listener.onNote(
      `The features of ${dataset.length} images would take ${megabytes(bytes)}: they are computed in each epoch.`,
    );
    return { dataset, areFeatures: false };
  }
  const file = config.cache === "disk" ? await fileOf(run, { purpose, freeze, views }) : undefined;
  const known = file && (await readRows(file, bytes, listener.onNote));
  const rows = known ?? (await computeRows(run, { dataset, purpose, views, size, ...listener }));
  if (!rows) return { dataset, areFeatures: false };
  // of photos that were replaced meanwhile they would be found under the hash of those before
  if (file && !known && !(await changedPhotos(data, () => {}))) {
    await keepRows(file, new Uint8Array(rows.buffer)).catch((error: unknown) =>
      listener.onNote(`Features are not kept on disk: ${messageOf(error)}`),
    );
  }
  return { dataset: featureDataset(dataset, { rows, size, views }), areFeatures: true };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;

/** An entry of the cache on disk. */
interface KeptFile {
  readonly path: string;
  /** All that the features depend on, hashed. */
  readonly key: string;
}

/** Where features are kept: by all that they depend on. */
async function fileOf(
  { config, data, facts, model, network, trainer }: RunParts,
  { purpose, freeze, views }: { purpose: Purpose; freeze: string; views: number },
): Promise<KeptFile> {
  const isFixed = isFixedIn(network, partOf(model, config, freeze));
  const weights = [...(await trainer.weights())].filter(([name]) => isFixed(name));
  const { augment, erase, seed, batchSize, precision } = config;
  // photos of validation are never changed
  const isFixedView = purpose === "infer" || (augment === "none" && erase === 0);
  const chance = isFixedView ? {} : { augment, erase, seed, views };
  const described = {
    ...{ model: model.name, options: facts.options, purpose, freeze, batchSize, precision, ...chance },
    ...{ engine: trainer.engine.name, input: facts.input, data: data.dataHash, weights: stateHash(new Map(weights)) },
  };
  const key = createHash("sha256").update(JSON.stringify(described)).digest("hex");
  return { path: join(cacheFolder(), "features", `${key.slice(0, 32)}.f32`), key };
}

/** Writes features, unless they alone are more than may be kept; older ones make room for them. */
async function keepRows({ path, key }: KeptFile, content: Uint8Array): Promise<void> {
  const limit = cacheLimit();
  if (limit < content.length)
    throw new Error(`they take ${megabytes(content.length)} of ${megabytes(limit)} (OCELLI_CACHE_LIMIT)`);
  await writeSealed(path, key, content);
  await trimFeatures(limit, path);
}

/** The kept features, of that many bytes; undefined if there are none, or none that are right, which is said. */
async function readRows(
  { path, key }: KeptFile,
  bytes: number,
  onNote: (text: string) => void,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const found = await readSealed(path, key, bytes);
  if (found?.content) return new Float32Array(found.content.buffer);
  if (found) onNote(`"${path}": these kept features are not used (${found.fault}); they are computed again.`);
  return undefined;
}

interface Computation extends CacheListener {
  readonly dataset: Dataset;
  readonly purpose: Purpose;
  readonly views: number;
  /** Floats of one image. */
  readonly size: number;
}

/** The features of all images, view after view: [views, images, size]; undefined if the signal came before. */
async function computeRows(
  { config, trainer, pool }: RunParts,
  { dataset, purpose, views, size, onProgress, signal }: Computation,
): Promise<Float32Array<ArrayBuffer> | undefined> {
  const { batchSize, seed } = config;
  const rows = new Float32Array(views * dataset.length * size);
  let done = 0;
  for (let epoch = 0; epoch < views; epoch++) {
    for await (const { images, indices } of batches(dataset, { batchSize, seed, epoch, workers: pool ?? 0 })) {
      if (signal?.aborted) return undefined;
      const features = await trainer.features(images, purpose);
      indices.forEach((index, row) => {
        const at = (epoch * dataset.length + index) * size;
        rows.set(features.subarray(row * size, (row + 1) * size), at);
      });
      done += indices.length;
      onProgress(done, views * dataset.length);
    }
  }
  return rows;
}

/** Features as the images of a data set; epoch e has view e modulo their number. */
function featureDataset(
  dataset: Dataset,
  { rows, size, views }: { rows: Float32Array; size: number; views: number },
): Dataset {
  const { length, classes } = dataset;
  const labels = dataset.labels ?? (dataset as Partial<PhotoDataset>).labels;
  return {
    ...{ length, classes, shape: [size, 1, 1], labels },
    async sample(index, { epoch, rng }) {
      const at = ((epoch % views) * length + index) * size;
      const label = labels?.[index] ?? (await dataset.sample(index, { epoch, rng })).label;
      return { image: rows.subarray(at, at + size), label };
    },
  };
}

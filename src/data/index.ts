export { type Batch, makeBatch } from "./batch.ts";
export { readChecked, writeChecked } from "./cache/checked-file.ts";
export {
  type CacheEntry,
  type CacheKind,
  cacheLimit,
  clearCache,
  listCache,
  trimCache,
} from "./cache/entries.ts";
export * from "./dataset.ts";
export { DIGIT_SIZE, drawDigit, loadDigits } from "./digits/index.ts";
export { cacheFolder, type DownloadProgress } from "./download.ts";
export { type IdxData, type IdxOptions, loadIdxFolder } from "./idx-folder.ts";
export { DATA_NAMES, type LoadDataOptions, loadData, namesPhotos } from "./load.ts";
export { type BatchOptions, batchCount, batches } from "./loader.ts";
export { loadMnist, MNIST_NAMES, type MnistName, type MnistOptions } from "./mnist.ts";
export * from "./photos/index.ts";
export { classCounts, classWeights, type WeightedOrderOptions, weightedOrder } from "./sampling.ts";
export { openWorkerPool, type WorkerPool } from "./worker-pool.ts";

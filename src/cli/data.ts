import { type IdxData, loadData, type PhotoOptions, photoPreparations } from "../data/index.ts";
import type { ModelInput, ResolvedConfig } from "../training/index.ts";
import { note } from "./output.ts";

/** Loads a run's data set; a download is shown on standard error. */
export async function loadRunData(config: Pick<ResolvedConfig, "data" | "rawPixels">): Promise<IdxData> {
  return loadShown(config.data.value, config.rawPixels.value);
}

/** Loads a data set for the evaluation of a model that takes `input`; a download is shown on standard error. */
export function loadFor(data: string, input: ModelInput): Promise<IdxData> {
  if (input.kind === "pixels") return loadShown(data, input.rawPixels);
  const { kind, crop: size, ...preparation } = input;
  const { val } = photoPreparations({ ...preparation, size });
  return loadShown(data, false, { preparation: { train: val, val } });
}

/** Loads a data set by name or folder; a download is shown on standard error. */
export async function loadShown(data: string, rawPixels: boolean, photos?: PhotoOptions): Promise<IdxData> {
  const announced = new Set<string>();
  const isTerminal = process.stderr.isTTY === true;
  const loaded = await loadData(data, {
    rawPixels,
    photos,
    onProgress: ({ file, received, total }) => {
      if (isTerminal)
        process.stderr.write(`\r\x1b[2KDownloading ${file}: ${megabytes(received)} of ${megabytes(total)}`);
      else if (!announced.has(file)) note(`Downloading ${file}, ${megabytes(total)}`);
      announced.add(file);
    },
  });
  if (isTerminal && 0 < announced.size) process.stderr.write("\r\x1b[2K");
  return loaded;
}

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? "?" : `${(bytes / 1e6).toFixed(1)} MB`);

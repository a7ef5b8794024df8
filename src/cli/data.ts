import { type IdxData, type LoadDataOptions, loadData } from "../data/index.ts";
import type { ResolvedConfig } from "../training/index.ts";
import { note } from "./output.ts";

/** Loads a run's data set; a download is shown on standard error. */
export async function loadRunData(config: Pick<ResolvedConfig, "data" | "rawPixels">): Promise<IdxData> {
  return loadShown(config.data.value, { rawPixels: config.rawPixels.value });
}

/** Loads a data set by name or folder; a download is shown on standard error. */
export async function loadShown(
  data: string,
  options: Pick<LoadDataOptions, "rawPixels" | "photos">,
): Promise<IdxData> {
  const announced = new Set<string>();
  const isTerminal = process.stderr.isTTY === true;
  const loaded = await loadData(data, {
    ...options,
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

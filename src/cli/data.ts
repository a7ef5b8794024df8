import {
  type IdxData,
  type LoadDataOptions,
  loadData,
  type Marks,
  photoPreparations,
  type SplitOptions,
} from "../data/index.ts";
import type { ModelInput, ResolvedConfig } from "../training/index.ts";
import { note } from "./output.ts";

/** Loads a run's data set, as it was when it began if `marks` are those of then; what takes long is shown on standard error. */
export async function loadRunData(resolved: ResolvedConfig, marks?: Marks): Promise<IdxData> {
  const { configValues, dataOptions } = await import("../training/index.ts");
  return loadShown(resolved.data.value, dataOptions(configValues(resolved), marks));
}

/** Loads a data set for the evaluation of a model that takes `input`; what takes long is shown on standard error. */
export function loadFor(data: string, input: ModelInput, division: SplitOptions = {}): Promise<IdxData> {
  if (input.kind === "pixels") return loadShown(data, { rawPixels: input.rawPixels, transpose: input.transpose });
  const { kind, exif, ...preprocessing } = input;
  const { val } = photoPreparations({ ...preprocessing, orient: exif });
  return loadShown(data, { photos: { ...division, preparation: { train: val, val } } });
}

/** Loads a data set by name or folder; downloads and the scan of photos are shown on standard error. */
export async function loadShown(data: string, options: LoadDataOptions): Promise<IdxData> {
  const announced = new Set<string>();
  const isTerminal = process.stderr.isTTY === true;
  const show = (key: string, text: string, rest: string): void => {
    if (isTerminal) process.stderr.write(`\r\x1b[2K${text}${rest}`);
    else if (!announced.has(key)) note(text);
    announced.add(key);
  };
  const loaded = await loadData(data, {
    ...options,
    photos: {
      ...options.photos,
      onScan: (done, total) => show("scan", `Opening ${total} photos`, `: ${done} done`),
    },
    onProgress: ({ file, received, total }) =>
      show(file, `Downloading ${file}, ${megabytes(total)}`, `: ${megabytes(received)} done`),
  });
  if (isTerminal && 0 < announced.size) process.stderr.write("\r\x1b[2K");
  return loaded;
}

const megabytes = (bytes: number | undefined): string => (bytes === undefined ? "?" : `${(bytes / 1e6).toFixed(1)} MB`);

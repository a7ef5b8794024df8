/** A model several times, so that as many batches are computed at once. */
import { type ModelFile, openModelFile } from "../../engines/onnx/model-file.ts";

/** Each of several threads computing a batch of its own does more than all of them at one batch: none waits for the others. */
export interface Lanes extends Pick<ModelFile, "inputs" | "outputs"> {
  readonly count: number;
  /** Lends the lane with the least to do. */
  run<T>(compute: (file: ModelFile) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Copies of the weights at most. */
const MOST_LANES = 4;
/** A model above this many bytes is opened once: its weights are large, and a batch of it long enough for all threads. */
const LARGE_MODEL = 300e6;

/** How many lanes there are, and the threads of each. */
export function planLanes(threads: number, bytes: number): { count: number; threads: number } {
  const count = bytes <= LARGE_MODEL ? Math.min(threads, MOST_LANES) : 1;
  return { count, threads: Math.floor(threads / count) };
}

/** Opens a model of `bytes` length in lanes; its content is given where there is no file. */
export async function openLanes(
  file: string,
  { threads, size, bytes }: { readonly threads: number; readonly size: number; readonly bytes?: Uint8Array },
): Promise<Lanes> {
  const plan = planLanes(threads, size);
  const lanes: { readonly file: ModelFile; busy: number }[] = [];
  const close = async (): Promise<void> => void (await Promise.all(lanes.map((lane) => lane.file.close())));
  try {
    // one after the other, since each needs its own copy of the weights for a moment
    while (lanes.length < plan.count)
      lanes.push({ file: await openModelFile(file, { threads: plan.threads, bytes }), busy: 0 });
  } catch (error) {
    await close();
    throw error;
  }
  const { inputs = [], outputs = [] } = lanes[0]?.file ?? {};
  return {
    ...{ count: plan.count, inputs, outputs, close },
    async run(compute) {
      const lane = lanes.reduce((least, other) => (other.busy < least.busy ? other : least));
      lane.busy++;
      try {
        return await compute(lane.file);
      } finally {
        lane.busy--;
      }
    },
  };
}

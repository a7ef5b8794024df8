/** Where in a picture a network finds its evidence for a class: Grad-CAM (Selvaraju et al. 2017). */
import type { Engine, Executable } from "../engines/index.ts";
import { gradientsOf } from "../graph/gradients.ts";
import { defineProgram, type Program } from "../graph/program.ts";
import { input, sizeOf } from "../graph/value.ts";
import { argmaxRows } from "../metrics/index.ts";
import { type Module, trace } from "../nn/index.ts";
import { add, mean, multiply, relu, sum } from "../ops/index.ts";
import type { LoadedModel } from "../training/index.ts";
import { isLinear, lastFeatureMap } from "./feature-map.ts";
import { type HeatMap, peakOf, resizeHeat, scaledBy } from "./heat-map.ts";

/** What `gradCamProgram` takes. */
interface GradCamOptions {
  /** Channels, height, width of one image. */
  readonly inputShape: readonly number[];
  readonly batchSize: number;
}

/**
 * `images` [N, C, H, W] and `wanted` [N, classes], 1 at the class to explain and 0 elsewhere → `logits` [N, classes] and
 * `heat` [N, h, w]: relu(Σₖ αₖ·Aₖ) of the last feature map A [N, K, h, w], with αₖ the mean over all places of the
 * gradient of the wanted logit. Where the logits are linear in A, αₖ is the gradient at each place itself: with a pool of
 * the whole map the same, and with one linear layer of all places (mnist-cnn) exactly what each adds to the logit, where the
 * mean would say little (Draelos and Carin 2020, HiResCAM).
 */
function gradCamProgram(network: Module, { inputShape, batchSize }: GradCamOptions): Program {
  const { output: logits } = trace(network, input("images", [batchSize, ...inputShape]), { training: false });
  const features = lastFeatureMap(logits);
  // in evaluation no image depends on another of the batch, so the gradient of the sum is that of each
  const evidence = sum(multiply(logits, input("wanted", logits.shape)), { axes: [0, 1] });
  const [gradient] = gradientsOf(evidence, [features], (values) => add(values));
  if (!gradient) throw new Error("gradientsOf: one gradient for one target");
  const weights = isLinear(features, logits) ? gradient : mean(gradient, { axes: [2, 3], keepDims: true });
  const heat = relu(sum(multiply(features, weights), { axes: [1] }));
  return defineProgram({ name: `heat maps of ${batchSize} images`, outputs: { logits, heat } });
}

/** Why a network takes a picture for a class. */
export interface Explanation {
  readonly classIndex: number;
  /** What the network answers, [classes]. */
  readonly logits: Float32Array;
  /** How much each pixel of the network's input speaks for the class, 0..1; all 0 where nothing does. */
  readonly heat: HeatMap;
}

/** What is asked of `Explainer.explain`. */
export interface ExplainOptions {
  /** The class to explain: one for all images, or one for each; by default the class that the network takes it for. */
  readonly classIndex?: number | ArrayLike<number>;
}

/** Explains what one network answers. Close it when done. */
export interface Explainer {
  /** The explanations of any number of images [N, C, H, W], as the network takes them. */
  explain(images: Float32Array, options?: ExplainOptions): Promise<Explanation[]>;
  /** Frees what it compiled; the engine stays open. */
  close(): Promise<void>;
}

/** What `openExplainer` takes of a model; a `LoadedModel` has it. */
export type ExplainedModel = Pick<LoadedModel, "network" | "inputShape" | "classes">;

/**
 * Explains what a model answers, on the engine that holds its weights (`trainer.engine` of `openModel`), `batchSize` images
 * at a time. The Program is compiled once, at the first call.
 */
export function openExplainer(
  model: ExplainedModel,
  engine: Engine,
  { batchSize = 8 }: { readonly batchSize?: number } = {},
): Explainer {
  const { network, inputShape, classes } = model;
  let compiled: Promise<{ program: Program; executable: Executable }> | undefined;
  const compile = async () => {
    const program = gradCamProgram(network, { inputShape, batchSize });
    return { program, executable: await engine.compile(program, { constants: "all" }) };
  };
  const open = () => {
    compiled ??= compile();
    return compiled;
  };
  const length = sizeOf(inputShape);
  const run = async (images: Float32Array, wanted: readonly number[]) => {
    const { program, executable } = await open();
    const feeds = {
      images: new Float32Array(batchSize * length),
      wanted: new Float32Array(batchSize * classes.length),
    };
    feeds.images.set(images);
    for (const [row, index] of wanted.entries()) feeds.wanted[row * classes.length + index] = 1;
    const { logits = new Float32Array(), heat = new Float32Array() } = await executable.run(feeds, { transfer: true });
    return { logits, heat, shape: program.outputs.heat?.shape ?? [] };
  };
  const explainBatch = async (images: Float32Array, given?: readonly number[]): Promise<Explanation[]> => {
    const count = images.length / length;
    const wanted = given ?? [...argmaxRows({ data: (await run(images, [])).logits, classes: classes.length })];
    const { logits, heat, shape } = await run(images, wanted.slice(0, count));
    const [, h = 1, w = 1] = shape;
    const [, height, width] = inputShape;
    return wanted.slice(0, count).map((classIndex, row) => ({
      classIndex,
      logits: logits.slice(row * classes.length, (row + 1) * classes.length),
      heat: normalised({ width: w, height: h, data: heat.subarray(row * h * w, (row + 1) * h * w) }, { width, height }),
    }));
  };
  return {
    async explain(images, { classIndex } = {}) {
      const count = images.length / length;
      if (!Number.isInteger(count)) throw new Error(`explain: ${images.length} values for images of ${length}`);
      const wanted = wantedClasses(classIndex, { count, classes: classes.length });
      const explanations: Explanation[] = [];
      for (let from = 0; from < count; from += batchSize) {
        const to = Math.min(count, from + batchSize);
        const some = images.subarray(from * length, to * length);
        explanations.push(...(await explainBatch(some, wanted?.slice(from, to))));
      }
      return explanations;
    },
    async close() {
      const opened = await compiled?.catch(() => undefined);
      await opened?.executable.close();
    },
  };
}

function wantedClasses(
  given: ExplainOptions["classIndex"],
  { count, classes }: { count: number; classes: number },
): number[] | undefined {
  if (given === undefined) return undefined;
  const wanted = typeof given === "number" ? new Array<number>(count).fill(given) : Array.from(given);
  const wrong = wanted.find((index) => !Number.isInteger(index) || index < 0 || classes <= index);
  if (wanted.length !== count) throw new Error(`explain: ${wanted.length} classes for ${count} images`);
  if (wrong !== undefined) throw new Error(`explain: class ${wrong} of ${classes}`);
  return wanted;
}

/** In the size of the network's input, the most important place at 1. */
function normalised(heat: HeatMap, size: { width: number; height: number }): HeatMap {
  const large = resizeHeat(heat, size);
  const peak = peakOf(large);
  return peak === 0 ? large : scaledBy(large, 1 / peak);
}

/** Steps whose figures are numbers: one that is not has spoilt the weights. */
import { areFinite } from "../checkpoint/index.ts";
import { UserError } from "../errors.ts";
import type { StepResult, TrainingBatch } from "./network-trainer.ts";

/** Throws a `UserError` for a loss, of training or validation, that is no number: the weights are lost then. */
export function expectFinite(
  { loss, step, learningRate }: Pick<StepResult, "loss" | "step" | "learningRate">,
  which = "loss",
): void {
  if (Number.isFinite(loss)) return;
  throw new UserError(
    `step ${step}: expected a finite ${which} but it is ${loss}, at a learning rate of ${learningRate}.`,
    "Lower --lr (try a tenth), or scale the pixels; the last good checkpoint was kept.",
  );
}

/**
 * The same of a training step, which looks for the reason in its images first; those that were given away are not there
 * to look at. It costs nothing where all is well.
 */
export function expectFiniteStep(result: StepResult, parts: readonly TrainingBatch[]): void {
  if (Number.isFinite(result.loss)) return;
  for (const { images, labels } of parts) {
    if (areFinite(images)) continue;
    const at = images.findIndex((value) => !Number.isFinite(value));
    const image = Math.floor(at / (images.length / labels.length));
    throw new UserError(
      `step ${result.step}: expected images of finite numbers but image ${image} of the batch holds ${images[at]}, so the loss is ${result.loss}.`,
      "Mend the images; the weights are spoilt: begin again from a checkpoint.",
    );
  }
  expectFinite(result);
}

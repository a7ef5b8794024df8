/** Weights that are numbers: one that is not makes every answer of the network meaningless. */
import { UserError } from "../errors.ts";
import type { StateTensor } from "./tensor.ts";

/** Whether all are finite: the sum of x·0 is 0 then, and NaN otherwise. */
export function areFinite(numbers: Float32Array | Float64Array): boolean {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i]! * 0;
  return sum === 0;
}

/** A tensor on its way from a file. */
interface ReadTensor {
  readonly tensor: StateTensor;
  /** Its elements as float32. */
  readonly numbers: Float32Array;
  readonly file: string;
}

const WHOLE = ["int8", "uint8", "int16", "int32", "int64", "bool"];

/** Throws a `UserError` that names the tensor if its elements are no weights: not finite, or whole numbers. */
export function checkNumbers(name: string, { tensor, numbers, file }: ReadTensor): void {
  if (WHOLE.includes(tensor.dtype)) {
    throw new UserError(
      `"${file}": expected weights in floating point but "${name}" has elements of ${tensor.dtype}.`,
      "Give the weights as they were before they were quantised.",
    );
  }
  if (areFinite(numbers)) return;
  const count = numbers.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
  const isBeyond = tensor.data instanceof Float64Array && areFinite(tensor.data);
  const what = isBeyond ? "beyond float32" : numbers.some(Number.isNaN) ? "NaN" : "infinite";
  throw new UserError(
    `"${file}": expected finite weights but ${count} of ${numbers.length} values of "${name}" are ${what}.`,
    "The training that wrote them diverged: take an earlier checkpoint, or train again with a lower learning rate.",
  );
}

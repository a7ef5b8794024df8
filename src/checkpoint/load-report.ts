import { UserError } from "../errors.ts";
import { formatShape, sameShape } from "../graph/value.ts";
import { nearest } from "../nearest.ts";
import type { StateShapes } from "./optimizer-state.ts";
import { float32Tensor, type StateDict, type StateTensor, toFloat32 } from "./tensor.ts";

/** How many names of each kind an error lists. */
const LISTED = 10;

/** Older files lack it, and nothing depends on it. */
const isOptional = (name: string): boolean => name.endsWith("num_batches_tracked");

/**
 * The tensors of `given` that a network `expected` has, as float32. Missing, unexpected and misshaped ones are listed all
 * at once in one `UserError`. A missing `num_batches_tracked` is 0.
 */
export function checkStateDict(given: StateDict, expected: StateShapes, file: string): Map<string, StateTensor> {
  const missing = [...expected.keys()].filter((name) => !given.has(name) && !isOptional(name));
  const unexpected = [...given.keys()].filter((name) => !expected.has(name));
  const misshaped = [...expected].flatMap(([name, shape]) => {
    const tensor = given.get(name);
    return tensor && !sameShape(tensor.shape, shape)
      ? [`"${name}" is ${formatShape(tensor.shape)} and not ${formatShape(shape)}`]
      : [];
  });
  if (missing.length + unexpected.length + misshaped.length > 0) {
    const parts = [
      listed("wrong shapes", misshaped),
      listed("missing", missing.map(quoted)),
      listed(
        "unexpected",
        unexpected.map((name) => suggestion(name, missing)),
      ),
    ].filter((part) => part !== "");
    throw new UserError(
      `"${file}": expected the weights of this network but they do not fit: ${parts.join("; ")}.`,
      "Give the weights of the same model with the same number of classes.",
    );
  }
  return new Map(
    [...expected].map(([name, shape]) => {
      const tensor = given.get(name);
      return [name, float32Tensor(shape, tensor ? toFloat32(tensor) : [0])];
    }),
  );
}

const quoted = (name: string): string => `"${name}"`;

function suggestion(name: string, missing: readonly string[]): string {
  const likely = nearest(name, missing);
  return likely ? `"${name}" (for "${likely}"?)` : quoted(name);
}

function listed(title: string, items: readonly string[]): string {
  if (items.length === 0) return "";
  const rest = items.length - LISTED;
  return `${title}: ${items.slice(0, LISTED).join(", ")}${0 < rest ? ` and ${rest} more` : ""}`;
}

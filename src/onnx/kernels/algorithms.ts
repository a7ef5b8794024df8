/**
 * Algorithms for one op, among which `Target.algorithms` chooses. None is an approximation: they differ in layout and in the order
 * of sums.
 */
import type { Node } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";

/** Writes the op; undefined where the algorithm cannot do it. */
export type Algorithm<Task> = (emitter: Emitter, task: Task) => string | undefined;

/** What of an application decides how fast an algorithm is. */
export type Shapes = Pick<Node, "attributes"> & {
  readonly inputs: readonly ({ readonly shape: readonly number[] } | undefined)[];
};

/** The text by which the choice for an application is known: op, shapes of the operands, attributes. */
export const algorithmKey = (op: string, { inputs, attributes }: Shapes): string =>
  [op, ...inputs.map((type) => type?.shape.join("x") ?? "none"), JSON.stringify(attributes)].join(" ");

/** What is computed, and with which algorithms it can be, the one that is best by rule first. */
export interface Choice<Task, Name extends string> {
  readonly key: string;
  readonly algorithms: Readonly<Record<Name, Algorithm<Task>>>;
  readonly order: readonly Name[];
}

/** Writes the op with the algorithm that was chosen for it, else with the first that can do it. */
export function compute<Task, Name extends string>(
  emitter: Emitter,
  { key, algorithms, order }: Choice<Task, Name>,
  task: Task,
): string {
  const chosen = emitter.target.algorithms?.get(key);
  const first = order.filter((name) => name === chosen);
  for (const name of [...first, ...order]) {
    const written = algorithms[name](emitter, task);
    if (written === undefined) continue;
    emitter.algorithms.set(key, name);
    return written;
  }
  throw new Error(`no algorithm for ${key}`);
}

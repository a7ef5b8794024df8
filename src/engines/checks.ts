/** What every engine demands of those who call it; whatever breaks these rules is a bug of the caller. */
import { inputName, type Program } from "../graph/program.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../graph/value.ts";
import { lookup } from "../lookup.ts";
import type { Feeds, VariableData } from "./engine.ts";

/** Throws unless each input of the Program has its number of elements, in an array of its element type. */
export function checkFeeds({ name: program, inputs }: Program, feeds: Feeds): void {
  for (const value of inputs) {
    const { shape, dtype } = value;
    const name = `program "${program}": input "${inputName(value)}"`;
    const data = lookup(feeds, inputName(value));
    if (!data) throw new Error(`${name} is missing`);
    const wanted = dtype === "int32" ? Int32Array : Float32Array;
    if (!(data instanceof wanted)) throw new Error(`${name} must be in a ${wanted.name}`);
    if (data.length !== sizeOf(shape))
      throw new Error(`${name} of shape ${formatShape(shape)} must have ${sizeOf(shape)} elements, got ${data.length}`);
  }
}

/** Throws unless a variable that is held with shape `held` is used with that shape. */
export function checkSameShape(name: string, held: Shape, used: Shape): void {
  if (sameShape(held, used)) return;
  throw new Error(`variable "${name}" is held with shape ${formatShape(held)}, but used with ${formatShape(used)}`);
}

/** Throws unless `values` have as many elements as their shapes say, and the shapes of the variables that are held. */
export function checkContents(
  values: ReadonlyMap<string, VariableData>,
  heldShape: (name: string) => Shape | undefined,
): void {
  for (const [name, { shape, data }] of values) {
    checkSameShape(name, heldShape(name) ?? shape, shape);
    if (data.length !== sizeOf(shape))
      throw new Error(
        `variable "${name}" of shape ${formatShape(shape)} must have ${sizeOf(shape)} elements, got ${data.length}`,
      );
  }
}

/** The error for reading a variable that nobody has declared or written. */
export const unknownVariable = (name: string): Error => new Error(`there is no variable "${name}"`);

/** The error for whatever is asked of an engine that was closed. */
export const closedEngine = (): Error => new Error("The engine was closed.");

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type HostTensor, recordOf } from "../../src/graph/define-op.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, type Program } from "../../src/graph/program.ts";
import { type Attributes, input, type Shape, type Value } from "../../src/graph/value.ts";
import { add, multiply, type OpName, ops, sum } from "../../src/ops/index.ts";

/** A tensor of the fixture; null in `data` is NaN. */
interface StoredTensor {
  readonly shape: Shape;
  readonly data: readonly (number | null)[];
  readonly dtype?: "int32";
}

/** A case of tools/golden/ops.json, described in tools/golden/ops.py. */
interface StoredCase {
  readonly op: OpName;
  readonly case: string;
  readonly inputs: readonly (StoredTensor | null)[];
  readonly attributes: Attributes;
  readonly outputs: readonly (StoredTensor | null)[];
  readonly seed?: StoredTensor;
  readonly gradients?: readonly (StoredTensor | null)[];
}

/**
 * One op on one set of operands, with what PyTorch makes of it.
 *
 * The Program's outputs are `y0`, `y1`, … (the op's outputs) and `dx0`, `dx1`, … (gradients of Σ y0·seed with respect to
 * the operands); `expected` has those that are compared.
 */
export interface ConformanceCase {
  readonly name: string;
  readonly program: Program;
  readonly feeds: Readonly<Record<string, HostTensor>>;
  readonly expected: Readonly<Record<string, HostTensor>>;
}

/** Runs a Program without variables once; a flat array of numbers for each output. */
export type RunProgram = (
  program: Program,
  feeds: Readonly<Record<string, HostTensor>>,
) => Promise<Readonly<Record<string, ArrayLike<number>>>>;

/** A test for each of the golden cases on one engine; by default for all. */
export function testConformance(
  engine: string,
  run: RunProgram,
  { cases = conformanceCases(), ...tolerance }: { rtol: number; atol: number; cases?: readonly ConformanceCase[] },
): void {
  describe(`${engine} matches PyTorch`, () => {
    test.each(cases)("$name", async ({ program, feeds, expected }) => {
      const outputs = await run(program, feeds);
      for (const [name, tensor] of Object.entries(expected)) {
        expect(program.outputs[name]?.shape, name).toEqual(tensor.shape);
        expect(outputs[name] ?? [], name).toBeAllclose(tensor.data, tolerance);
      }
    });
  });
}

/** All golden cases of all ops. */
export function conformanceCases(): ConformanceCase[] {
  const path = new URL("../../tools/golden/ops.json", import.meta.url);
  const stored = JSON.parse(readFileSync(path, "utf8")) as StoredCase[];
  return stored.map(prepare);
}

/** An op called with a list of operands, whatever its signature. */
export function applyByName(op: OpName, operands: readonly (Value | undefined)[], attributes: Attributes): Value[] {
  const apply = ops[op] as unknown as (...args: readonly unknown[]) => Value | Value[];
  const variadic = recordOf(op).inputs[0]?.startsWith("...");
  return [variadic ? apply(operands, attributes) : apply(...operands, attributes)].flat();
}

/** Σ y·seed: the scalar whose gradients are compared. */
export function weightedSum(y: Value, seed: Value): Value {
  const product = multiply(y, seed);
  return product.shape.length === 0 ? product : sum(product, { axes: product.shape.map((_, axis) => axis) });
}

function prepare(stored: StoredCase): ConformanceCase {
  const feeds: Record<string, HostTensor> = {};
  const expected: Record<string, HostTensor> = {};
  const feed = (name: string, tensor: StoredTensor): Value => {
    feeds[name] = hostTensor(tensor);
    return input(name, tensor.shape, tensor.dtype);
  };
  const operands = stored.inputs.map((tensor, index) => (tensor ? feed(`x${index}`, tensor) : undefined));
  const results = applyByName(stored.op, operands, stored.attributes);
  const outputs: Record<string, Value> = {};
  const compare = (name: string, value: Value | undefined, tensor: StoredTensor | null | undefined): void => {
    if (!value || !tensor) return;
    outputs[name] = value;
    expected[name] = hostTensor(tensor);
  };
  for (const [index, tensor] of stored.outputs.entries()) compare(`y${index}`, results[index], tensor);
  const [first] = results;
  if (stored.seed && stored.gradients && first) {
    const wanted = stored.gradients.flatMap((tensor, index) => (tensor ? [index] : []));
    const targets = wanted.map((index) => operands[index] as Value);
    const found = gradientsOf(weightedSum(first, feed("seed", stored.seed)), targets, add);
    for (const [index, operand] of wanted.entries()) compare(`dx${operand}`, found[index], stored.gradients[operand]);
  }
  const name = `${stored.op}: ${stored.case}`;
  return { name, program: defineProgram({ name, outputs }), feeds, expected };
}

function hostTensor({ shape, data, dtype }: StoredTensor): HostTensor {
  const numbers = data.map((value) => value ?? Number.NaN);
  return { shape, data: dtype === "int32" ? Int32Array.from(numbers) : Float64Array.from(numbers) };
}

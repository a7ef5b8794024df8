/** Engines that keep copies of weights, join ops or remember choices: what they give after something has changed, by closed forms. */
import { afterAll, describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram } from "../../src/graph/program.ts";
import { input, read, type Shape, sizeOf, type Variable } from "../../src/graph/value.ts";
import { add, batchNormInference, conv2d, maxPool, relu, scale, sum } from "../../src/ops/index.ts";
import { rngFor } from "../../src/rng.ts";
import { ALL_ENGINES } from "./engine-names.ts";

const variable = (name: string, ...shape: number[]): Variable => ({ name, shape, dtype: "float32" });
const tensor = (shape: Shape, value: (index: number) => number) => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, index) => value(index)),
});
const times = (data: Float32Array | undefined, factor: number): Float32Array =>
  (data ?? new Float32Array()).map((value) => factor * value);

describe.each(ALL_ENGINES)("the %s engine", async (name) => {
  const engine = await openEngine(name, { threads: 2 });
  afterAll(() => engine.close());
  const rng = rngFor(0, "changing weights");
  const [image, kernel] = [
    [2, 16, 6, 6],
    [16, 16, 3, 3],
  ] as const;
  const feeds = () => ({ x: tensor(image, (index) => ((index * 7) % 11) - 5).data });
  const x = input("x", image);

  test("a convolution has the weight that was written or updated last", async () => {
    const w = variable("w", ...kernel);
    const y = conv2d(x, read(w), undefined, { padding: [1, 1] });
    const [inference, doubling] = [
      await engine.compile(defineProgram({ name: "inference", outputs: { y } })),
      await engine.compile(
        defineProgram({
          name: "doubling",
          outputs: { y },
          updates: [{ variable: w, value: scale(read(w), { factor: 2 }) }],
        }),
      ),
    ];
    const first = tensor(kernel, () => rng.integer(-3, 3)); // whole numbers, so that all sums are exact
    const run = async () => (await inference.run(feeds())).y;
    await engine.write(new Map([["w", first]]));
    const one = await run();
    expect(new Set(one).size).toBeGreaterThan(100);
    await engine.write(new Map([["w", { ...first, data: times(first.data, 3) }]]));
    expect(await run()).toEqual(times(one, 3));
    expect((await doubling.run(feeds())).y).toEqual(times(one, 3));
    expect(await run()).toEqual(times(one, 6));
    expect((await doubling.run(feeds())).y).toEqual(times(one, 6));
    expect(await run()).toEqual(times(one, 12));
  });

  test("a normalised convolution has its bias and the statistics that were written last", async () => {
    const [w, ...vectors] = [
      variable("kernel", ...kernel),
      ...["bias", "scale", "shift", "mean", "variance"].map((n) => variable(n, 16)),
    ] as const;
    const [bias, factor, shift, mean, variance] = vectors.map((one) => read(one)) as [
      ReturnType<typeof read>,
      ...ReturnType<typeof read>[],
    ];
    const plain = conv2d(x, read(w), bias, { padding: [1, 1] });
    const y = batchNormInference(plain, factor!, shift!, mean!, variance!, { epsilon: 1 });
    const normalised = await engine.compile(defineProgram({ name: "normalised", outputs: { y } }));
    const bare = await engine.compile(
      defineProgram({ name: "bare", outputs: { z: conv2d(x, read(w), undefined, { padding: [1, 1] }) } }),
    );
    await engine.write(new Map([["kernel", tensor(kernel, () => rng.integer(-3, 3))]]));
    const { z = new Float32Array() } = await bare.run(feeds());
    for (const seed of [1, 2]) {
      const vector = (low: number, high: number) => tensor([16], () => rngFor(seed, "vector", low).integer(low, high));
      const of = {
        bias: vector(2, 9),
        scale: vector(-7, -1),
        shift: vector(3, 8),
        mean: vector(10, 20),
        variance: tensor([16], () => (seed === 1 ? 3 : 15)),
      };
      await engine.write(new Map(Object.entries(of)));
      const deviation = seed === 1 ? 2 : 4; // √(variance + epsilon)
      const expected = z.map((value, index) => {
        const c = Math.floor(index / 36) % 16;
        const [b = 0, f = 0, s = 0, m = 0] = [of.bias, of.scale, of.shift, of.mean].map(({ data }) => data[c]);
        return ((value + b - m) / deviation) * f + s;
      });
      expect((await normalised.run(feeds())).y).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-3 });
    }
  });

  test("what a relu reads keeps its negative numbers for others", async () => {
    const w = variable("w", ...kernel);
    const y = conv2d(x, read(w), undefined, { padding: [1, 1] });
    const [positive, both] = [relu(y), add([y, relu(y)])];
    const alone = await engine.compile(defineProgram({ name: "alone", outputs: { y } }));
    const { y: plain = new Float32Array() } = await alone.run(feeds());
    const cut = plain.map((value) => Math.max(value, 0));
    expect(cut).not.toEqual(plain);
    const read2 = await engine.compile(defineProgram({ name: "read twice", outputs: { positive, both } }));
    expect(await read2.run(feeds())).toEqual({ positive: cut, both: plain.map((value, i) => value + (cut[i] ?? 0)) });
    const given = await engine.compile(defineProgram({ name: "given", outputs: { y, positive } }));
    expect(await given.run(feeds())).toEqual({ y: plain, positive: cut });
  });

  // ONNX Runtime passes over NaN that is not the first of its window
  test.skipIf(name === "onnx")("a max pool chooses anew in each run, also after one with NaN", async () => {
    const images = input("images", [1, 1, 2, 4]);
    const [y] = maxPool(images, { kernel: [2, 2], stride: [2, 2] });
    const [dx] = gradientsOf(sum(y!, { axes: [0, 1, 2, 3] }), [images], (values) => add([...values]));
    const pool = await engine.compile(defineProgram({ name: "pool", outputs: { y: y!, dx: dx! } }));
    const pooled = async (...data: number[]) => {
      const results = await pool.run({ images: Float32Array.from(data) });
      return [[...(results.y ?? [])], [...(results.dx ?? [])]];
    };
    const { NaN: nan } = Number;
    expect(await pooled(nan, 2, 3, 4, 5, 6, 7, 8)).toEqual([
      [nan, 8],
      [1, 0, 0, 0, 0, 0, 0, 1],
    ]);
    expect(await pooled(1, 9, 3, 4, 5, 6, 11, 8)).toEqual([
      [9, 11],
      [0, 1, 0, 0, 0, 0, 1, 0],
    ]);
    expect(await pooled(1, 2, 3, nan, 5, 6, 7, 8)).toEqual([
      [6, nan],
      [0, 0, 0, 1, 0, 1, 0, 0],
    ]);
    expect(await pooled(10, 2, 30, 4, 5, 6, 7, 8)).toEqual([
      [10, 30],
      [1, 0, 1, 0, 0, 0, 0, 0],
    ]);
  });
});

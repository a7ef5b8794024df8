/** What the engines promise apart from the ops' numbers: variables, order of runs, errors, closing. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { type Engine, openEngine } from "../../src/engines/index.ts";
import { defineProgram, type Program } from "../../src/graph/program.ts";
import { input, read, type Value, type Variable } from "../../src/graph/value.ts";
import { add, dropout, matmul, multiply, relu, scale } from "../../src/ops/index.ts";
import { ALL_ENGINES, THREAD_ENGINES } from "./engine-names.ts";

const variable = (name: string, ...shape: number[]): Variable => ({ name, shape, dtype: "float32" });
const floats = (...values: number[]): Float32Array => Float32Array.from(values);
const content = (...values: number[]) => ({ shape: [values.length], data: floats(...values) });

/** Gives the content of `name` and adds the input x to it. */
const accumulate = (name: string): Program => {
  const total = variable(name, 2);
  const before = relu(read(total));
  const value = add([read(total), input("x", [2])]);
  return defineProgram({ name: `accumulate ${name}`, outputs: { before }, updates: [{ variable: total, value }] });
};

describe.each(ALL_ENGINES)("the %s engine", async (engineName) => {
  const engine = await openEngine(engineName, { threads: 2 });
  afterAll(() => engine.close());
  const valuesOf = async (...names: string[]): Promise<number[][]> =>
    [...(await engine.read(names)).values()].map(({ data }) => [...data]);

  test("says its name", () => {
    expect(engine.name).toBe(engineName);
  });

  test("variables are zero at first, are written and read by name, and what is read is a copy", async () => {
    await engine.compile(accumulate("first"));
    expect(await valuesOf("first")).toEqual([[0, 0]]);
    const written = content(1, 2);
    await engine.write(new Map([["first", written]]));
    written.data.fill(9);
    const copy = await engine.read(["first"]);
    copy.get("first")?.data.fill(9);
    expect(await valuesOf("first")).toEqual([[1, 2]]);
    expect((await engine.read(["first"])).get("first")?.shape).toEqual([2]);
  });

  test("what is written with transfer has no copy, and arrays that share a buffer stay apart", async () => {
    const whole = content(1, 2, 3);
    await engine.write(new Map([["whole", whole]]), { transfer: true });
    expect(whole.data.length).toBe(engineName === "reference" ? 3 : 0);
    const shared = floats(5, 6);
    const both = { shape: [2], data: shared };
    await engine.write(new Map(Object.entries({ left: both, right: both })), { transfer: true });
    await engine.write(new Map([["left", content(7, 8)]]));
    expect(await valuesOf("whole", "left", "right")).toEqual([
      [1, 2, 3],
      [7, 8],
      [5, 6],
    ]);
  });

  test("a variable may be written before a Program declares it", async () => {
    await engine.write(new Map([["early", content(3, 4)]]));
    const executable = await engine.compile(accumulate("early"));
    expect(await executable.run({ x: floats(1, 1) })).toEqual({ before: floats(3, 4) });
    expect((await engine.read()).get("early")?.data).toEqual(floats(4, 5));
  });

  test("all reads of a run see the old contents, also those of what is exchanged", async () => {
    const [a, b] = [variable("a", 2), variable("b", 2)];
    const program = defineProgram({
      name: "exchange",
      outputs: { a: read(a), sum: add([read(a), read(b)]) },
      updates: [
        { variable: a, value: read(b) },
        { variable: b, value: read(a) },
      ],
    });
    const executable = await engine.compile(program);
    await engine.write(new Map(Object.entries({ a: content(1, 2), b: content(10, 20) })));
    expect(await executable.run({})).toEqual({ a: floats(1, 2), sum: floats(11, 22) });
    expect(await valuesOf("a", "b")).toEqual([
      [10, 20],
      [1, 2],
    ]);
    expect(await executable.run({})).toEqual({ a: floats(10, 20), sum: floats(11, 22) });
    expect(await valuesOf("a", "b")).toEqual([
      [1, 2],
      [10, 20],
    ]);
  });

  test("runs that are asked for at once happen in that order, writes and reads between them too", async () => {
    const executable = await engine.compile(accumulate("queue"));
    const x = floats(1, 2);
    const first = executable.run({ x });
    const second = executable.run({ x });
    const between = engine.read(["queue"]);
    const written = engine.write(new Map([["queue", content(100, 200)]]));
    const third = executable.run({ x });
    const befores = await Promise.all([first, second, third]);
    await written;
    expect(befores.map(({ before }) => before?.[1])).toEqual([0, 2, 200]);
    expect([...((await between).get("queue")?.data ?? [])]).toEqual([2, 4]);
    expect(await valuesOf("queue")).toEqual([[101, 202]]);
  });

  test("two Programs share a variable, whichever writes it", async () => {
    const shared = variable("shared", 2);
    const reader = defineProgram({ name: "reader", outputs: { y: scale(read(shared), { factor: 2 }) } });
    const [adding, reading] = [await engine.compile(accumulate("shared")), await engine.compile(reader)];
    for (let step = 1; step <= 3; step++) {
      await adding.run({ x: floats(1, 10) });
      expect(await reading.run({})).toEqual({ y: floats(2 * step, 20 * step) });
    }
  });

  test("an input, a variable or a result may be an output under any name, and under two", async () => {
    const x = input("x", [2]);
    const [y, w] = [scale(x, { factor: 3 }), variable("w", 2)];
    const program = defineProgram({ name: "names", outputs: { x, w: read(w), y, again: y, other: x } });
    const executable = await engine.compile(program);
    await engine.write(new Map([["w", content(7, 8)]]));
    const [one, three] = [floats(1, 2), floats(3, 6)];
    const expected = { x: one, w: floats(7, 8), y: three, again: three, other: one };
    expect(await executable.run({ x: floats(1, 2) })).toEqual(expected);
  });

  test("results are the caller's own: a later run does not change them", async () => {
    const executable = await engine.compile(defineProgram({ name: "relu", outputs: { y: relu(input("x", [2])) } }));
    const first = await executable.run({ x: floats(1, 2) });
    await executable.run({ x: floats(3, 4) });
    expect(first).toEqual({ y: floats(1, 2) });
  });

  test("inputs are copied unless they are given away", async () => {
    const x = input("x", [2]);
    const executable = await engine.compile(defineProgram({ name: "sum", outputs: { y: add([x, input("z", [2])]) } }));
    const [kept, other] = [floats(1, 2), floats(3, 4)];
    await executable.run({ x: kept, z: other });
    expect([kept, other]).toEqual([floats(1, 2), floats(3, 4)]);
    const both = floats(1, 2, 3, 4); // two views of one buffer
    const given = { x: both.subarray(0, 2), z: both.subarray(2) };
    expect(await executable.run(given, { transfer: true })).toEqual({ y: floats(4, 6) });
  });

  test("dropout masks depend on the key alone", async () => {
    const x = input("x", [64]);
    const y: Value = dropout(x, input("key", [4], "int32"), { rate: 0.5, layer: 3 });
    const executable = await engine.compile(defineProgram({ name: "dropout", outputs: { y } }));
    const masked = (step: number) =>
      executable.run({ x: new Float32Array(64).fill(1), key: Int32Array.of(1, 2, step, 0) });
    const [first, again, next] = [await masked(1), await masked(1), await masked(2)];
    expect(again).toEqual(first);
    expect(next).not.toEqual(first);
    expect(new Set(first?.y)).toEqual(new Set([0, 2]));
  });

  describe("errors that name what is wrong, after which the engine goes on", () => {
    const program = defineProgram({
      name: "step",
      outputs: { y: multiply(input("x", [2, 3]), read(variable("held", 2, 3))) },
    });
    const labels = dropout(input("x", [2]), input("key", [4], "int32"), { rate: 0.5, layer: 0 });

    test.each<[string, Parameters<typeof run>[0], string]>([
      ["a missing input", {}, 'program "step": input "x" is missing'],
      [
        "too few elements",
        { x: floats(1, 2) },
        'program "step": input "x" of shape [2, 3] must have 6 elements, got 2',
      ],
      ["integers for floats", { x: new Int32Array(6) }, 'program "step": input "x" must be in a Float32Array'],
    ])("%s", async (_, feeds, message) => {
      await expect(run(feeds)).rejects.toThrow(new Error(message));
      expect(await run({ x: new Float32Array(6) })).toEqual({ y: new Float32Array(6) });
    });
    const run = async (feeds: Readonly<Record<string, Float32Array | Int32Array>>) =>
      (await engine.compile(program)).run(feeds);

    test("floats for integers", async () => {
      const executable = await engine.compile(defineProgram({ name: "drop", outputs: { y: labels } }));
      const message = 'program "drop": input "key" must be in a Int32Array';
      await expect(executable.run({ x: floats(1, 2), key: floats(1, 2, 3, 4) })).rejects.toThrow(message);
    });

    test("an unknown variable", async () => {
      await expect(engine.read(["nobody"])).rejects.toThrow('there is no variable "nobody"');
    });

    test("a variable of another shape: nothing is written", async () => {
      await engine.compile(program);
      await engine.write(new Map([["good", content(1, 2)]]));
      const values = new Map(Object.entries({ good: content(3, 4), held: content(1, 2) }));
      await expect(engine.write(values)).rejects.toThrow('"held" is held with shape [2, 3], but used with [2]');
      const short = new Map(Object.entries({ good: content(3, 4), held: { shape: [2, 3], data: floats(1) } }));
      await expect(engine.write(short)).rejects.toThrow('"held" of shape [2, 3] must have 6 elements, got 1');
      expect(await valuesOf("good")).toEqual([[1, 2]]);
      const other = defineProgram({ name: "other", outputs: { y: read(variable("held", 3, 2)) } });
      await expect(engine.compile(other)).rejects.toThrow('"held" is held with shape [2, 3], but used with [3, 2]');
    });
  });
});

describe.each(ALL_ENGINES)("closing the %s engine", (engineName) => {
  test("everything that is asked afterwards is refused; closing twice is fine", async () => {
    const engine = await openEngine(engineName, { threads: 1 });
    const executable = await engine.compile(accumulate("total"));
    await engine.close();
    await engine.close();
    const asked: (() => Promise<unknown>)[] = [
      () => executable.run({ x: floats(1, 2) }),
      () => engine.compile(accumulate("total")),
      () => engine.read(),
      () => engine.write(new Map()),
    ];
    for (const ask of asked) await expect(ask()).rejects.toThrow(new Error("The engine was closed."));
  });
});

/** Long enough for a run to be under way whenever something happens to the engine. */
function slowProgram(): Program {
  const x = input("x", [600, 600]);
  let y = x;
  for (let i = 0; i < 20; i++) y = matmul(y, x);
  return defineProgram({ name: "slow", outputs: { y } });
}

test.each(THREAD_ENGINES)(
  "closing the %s engine while runs are under way refuses them, and the process lives on",
  async (name) => {
    const engine = await openEngine(name, { threads: 1 });
    const executable = await engine.compile(slowProgram());
    await executable.run({ x: new Float32Array(600 * 600) });
    const runs = Array.from({ length: 3 }, () => executable.run({ x: new Float32Array(600 * 600) }));
    const ended = Promise.allSettled(runs);
    await engine.close();
    for (const run of await ended) {
      if (run.status === "rejected") expect(run.reason).toEqual(new Error("The engine was closed."));
    }
  },
);

test.each(THREAD_ENGINES)("a process that exits while the %s engine is at work keeps its exit code", (name) => {
  const code = `
    import { openEngine } from "./src/engines/index.ts";
    import { defineProgram } from "./src/graph/program.ts";
    import { input } from "./src/graph/value.ts";
    import { matmul } from "./src/ops/index.ts";
    const x = input("x", [600, 600]);
    let y = x;
    for (let i = 0; i < 20; i++) y = matmul(y, x);
    const engine = await openEngine("${name}", { threads: 1 });
    const executable = await engine.compile(defineProgram({ name: "slow", outputs: { y } }));
    await executable.run({ x: new Float32Array(600 * 600) });
    for (let i = 0; i < 20; i++) void executable.run({ x: new Float32Array(600 * 600) });
    setImmediate(() => process.exit(3));
  `;
  const { status, stderr } = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", code], {
    encoding: "utf8",
    cwd: new URL("../..", import.meta.url),
  });
  expect({ status, stderr }).toEqual({ status: 3, stderr: "" });
});

/** Threads of this process, by the list that Linux keeps. */
const threadCount = (): number => readdirSync("/proc/self/task").length;

test.runIf(process.platform === "linux")("the onnx engine computes with as many threads as it is told", async () => {
  const engines: Engine[] = [];
  const added = [];
  for (const threads of [1, 4]) {
    const engine = await openEngine("onnx", { threads });
    engines.push(engine);
    await (await engine.compile(accumulate("warm"))).run({ x: floats(1, 2) }); // the runtime's own threads have started
    const before = threadCount();
    await engine.compile(accumulate("counted"));
    added.push(threadCount() - before);
  }
  await Promise.all(engines.map((engine) => engine.close()));
  expect(added).toEqual([0, 3]); // each session has a pool; the thread that runs it computes too
});

test("an unknown engine is an error that suggests the nearest", async () => {
  await expect(openEngine("onxx")).rejects.toMatchObject({
    name: "UserError",
    message: 'engine: expected one of auto, onnx, onednn, reference but got "onxx".',
    hint: 'Did you mean "onnx"?',
  });
});

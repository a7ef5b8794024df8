/** Programs as `.onnx` files: standard operators alone, in a runtime that knows nothing of ocelli. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { openEngine } from "../../src/engines/index.ts";
import { gradientsOf } from "../../src/graph/gradients.ts";
import { defineProgram, inputName, type Program } from "../../src/graph/program.ts";
import { input } from "../../src/graph/value.ts";
import { mnistCnn } from "../../src/models/index.ts";
import { initialState, trace } from "../../src/nn/index.ts";
import { encodeProgram, lowerProgram } from "../../src/onnx/lower.ts";
import { add, type OpName, softmaxCrossEntropy } from "../../src/ops/index.ts";
import { adam } from "../../src/optim/optimizer.ts";
import { trainingProgram } from "../../src/training/step-program.ts";
import { conformanceCases, type RunProgram, testConformance } from "./cases.ts";

const STANDARD = { contrib: false, block: 0 };

/** Runs the file that a Program is encoded as. */
const run: RunProgram = async (program, feeds) => {
  const session = await InferenceSession.create(encodeProgram(program), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const tensors = session.inputNames.map((name) => {
    const { data = [], shape = [] } = feeds[name] ?? {};
    const tensor =
      data instanceof Int32Array
        ? new Tensor("int32", data, [...shape])
        : new Tensor("float32", Float32Array.from(data), [...shape]);
    return [name, tensor] as const;
  });
  const results = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
};

/** Ops without a file of their own: the engine makes their masks. */
const HOST_OPS: readonly OpName[] = ["dropoutMask"];
const cases = conformanceCases().filter(
  ({ program }) => !program.nodes.some(({ op }) => HOST_OPS.includes(op as OpName)),
);

testConformance("a file in plain ONNX Runtime", run, { rtol: 1e-5, atol: 1e-6, cases });

/** mnist-cnn's training step at sizes that the engine's own operators would be used for. */
const step = (batchSize: number): Program =>
  trainingProgram(mnistCnn(), { inputShape: [1, 28, 28], batchSize, optimizer: adam() });

test.each([...cases.map(({ program }) => program), step(16)])("$name: every node is of ONNX itself", (program) => {
  const { nodes } = lowerProgram(program, { target: STANDARD }).model;
  expect(nodes.filter(({ domain }) => domain !== "")).toEqual([]);
});

describe("a network with its weights", () => {
  const program = (() => {
    const { output, tensors } = trace(mnistCnn(), input("images", [16, 1, 28, 28]), { training: false });
    const [loss] = softmaxCrossEntropy(output, input("labels", [16], "int32"), undefined);
    const weights = [...tensors.keys()];
    const gradients = gradientsOf(loss, [...tensors.values()], (values) => add(values));
    const named = Object.fromEntries(gradients.map((value, index) => [`gradient of ${weights[index]}`, value]));
    return defineProgram({ name: "mnist-cnn", outputs: { logits: output, loss, ...named } });
  })();
  const state = initialState(mnistCnn(), 0);
  const feeds = {
    images: Float32Array.from({ length: 16 * 784 }, (_, index) => ((index * 31) % 256) / 255),
    labels: Int32Array.from({ length: 16 }, (_, index) => index % 10),
  };

  test("gives what the engine gives", async () => {
    const engine = await openEngine("onnx", { threads: 1 });
    const executable = await engine.compile(program);
    await engine.write(state);
    const expected = await executable.run(feeds);
    await engine.close();

    const constants = new Map([...state].map(([name, { data }]) => [name, data]));
    const session = await InferenceSession.create(encodeProgram(program, { constants }), { logSeverityLevel: 3 });
    expect(session.inputNames).toEqual(program.inputs.map(inputName));
    expect(session.outputNames).toEqual(Object.keys(program.outputs));
    const images = new Tensor("float32", feeds.images, [16, 1, 28, 28]);
    const results = await session.run({ images, labels: new Tensor("int32", feeds.labels, [16]) });
    await session.release();
    for (const [name, data] of Object.entries(expected)) {
      // the two add in another order: an element that is a sum of hundreds keeps 1e-6 of the largest
      const largest = data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const tolerance = { rtol: 1e-5, atol: 1e-6 * largest };
      expect(results[name]?.data as Float32Array, name).toBeAllclose(data, tolerance);
    }
  });
});

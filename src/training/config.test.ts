import { describe, expect, test } from "vitest";
import type { UserError } from "../errors.ts";
import { type ConfigLayer, configValues, parseConfigFile, parseRunConfig, resolveConfig } from "./config.ts";
import { SETTING_NAMES } from "./settings.ts";

const flags = (values: Record<string, unknown>): ConfigLayer => ({
  from: "flag",
  values,
  nameOf: (name) => `--${name}`,
});

/** The two lines of what is refused. */
function refused(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    const { name, message, hint } = error as UserError;
    expect(name).toBe("UserError");
    return `${message}\n${hint}`;
  }
  throw new Error("expected a UserError");
}

describe("layers", () => {
  test("without any, every setting has its default", () => {
    const config = resolveConfig([]);
    expect(configValues(config)).toMatchObject({
      ...{ data: "digits", model: "mnist-cnn", epochs: 3, batchSize: 64, optimizer: "adam", learningRate: 0.001 },
      ...{
        momentum: 0,
        weightDecay: 0,
        schedule: "none",
        shuffle: true,
        rawPixels: false,
        transpose: false,
        maxSteps: 0,
        seed: 0,
      },
    });
    expect(new Set(Object.values(config).map(({ from }) => from))).toEqual(new Set(["default"]));
    expect(Object.keys(config)).toEqual(SETTING_NAMES);
  });

  test("later ones win, and each setting tells where it is from; undefined says nothing", () => {
    const file: ConfigLayer = { from: "file", values: { epochs: 5, seed: 7 } };
    const config = resolveConfig([file, flags({ epochs: 9, seed: undefined })]);
    expect(config.epochs).toEqual({ value: 9, from: "flag" });
    expect(config.seed).toEqual({ value: 7, from: "file" });
    expect(config.batchSize).toEqual({ value: 64, from: "default" });
  });
});

test.each([
  [
    { epochs: 0 },
    "--epochs: expected a whole number of at least 1 but got 0.\nGive another value, or leave it out for 3.",
  ],
  [{ epochs: 1.5 }, "--epochs: expected a whole number of at least 1 but got 1.5."],
  [{ epochs: "two" }, '--epochs: expected a whole number of at least 1 but got "two".'],
  [{ batchSize: -1 }, "--batchSize: expected a whole number of at least 1 but got -1."],
  [{ learningRate: Number.NaN }, "--learningRate: expected a number above 0 but got NaN."],
  [{ learningRate: Number.POSITIVE_INFINITY }, "expected a number above 0 but got Infinity."],
  [{ learningRate: 0 }, "expected a number above 0 but got 0."],
  [{ momentum: 2, optimizer: "sgd" }, "--momentum: expected a number in 0..1 but got 2."],
  [{ seed: 2 ** 53 }, "--seed: expected a whole number of at least 0"],
  [{ workers: 65 }, "--workers: expected auto or a whole number in 0..64 but got 65."],
  [{ threads: 0 }, "--threads: expected a whole number of at least 1 but got 0."],
  [{ shuffle: "no" }, '--shuffle: expected true or false but got "no".'],
  [{ seed: null }, "--seed: expected a whole number of at least 0 but got null."],
  [{ engine: "onx" }, '--engine: expected one of auto, onnx, onednn, reference but got "onx".\nDid you mean "onnx"?'],
  [{ optimizer: "Adm" }, 'but got "Adm".\nDid you mean "adam"?'],
  [{ precision: "fp16" }, '--precision: expected one of fp32, bf16 but got "fp16".'],
  [{ model: "mnist-cn" }, 'but got "mnist-cn".\nDid you mean "mnist-cnn"?'],
  [{ schedule: "cosin" }, '"cosin".\nDid you mean "cosine"?'],
  [{ schedule: "warmup:3", epochs: 3 }, "expected a warm-up shorter than the run of 3 epochs but it is 3."],
  [{ momentum: 0.9 }, "momentum: expected 0, as adam has no such setting, but got 0.9.\nTake the optimizer sgd"],
  [{ views: 2 }, "views: expected 0, as nothing is frozen whose features could be kept, but got 2.\nAdd --freeze"],
  [
    { views: 2, freeze: "backbone", cache: "none" },
    "views: expected 0, as the cache is none and features are not kept",
  ],
  [
    { views: 2, freeze: "backbone", mixup: 0.2 },
    "views: expected 0, as mixed images are new in each epoch, but got 2.",
  ],
  [{ epoch: 3 }, '--epoch: expected the name of a setting but no setting is called so.\nDid you mean "epochs"?'],
  [{ zzzzzzzz: 3 }, "The settings are data, model, weights,"],
])("%j is refused", (values, lines) => {
  expect(refused(() => resolveConfig([flags(values)]))).toContain(lines);
});

describe("files", () => {
  test("plain values are settings of the file, and its name is in errors", () => {
    const layer = parseConfigFile('{"epochs": 4, "shuffle": false}', "my.json");
    expect(resolveConfig([layer]).epochs).toEqual({ value: 4, from: "file" });
    const wrong = (text: string) => refused(() => resolveConfig([parseConfigFile(text, "my.json")]));
    expect(wrong('{"epochs": 0}')).toContain('"my.json", epochs: expected a whole number of at least 1 but got 0.');
    expect(wrong('{"epoch": 4}')).toContain('"my.json", epoch: expected the name of a setting');
    expect(wrong('{"seed": {"a": 1}}')).toContain(
      '"my.json", seed: expected a whole number of at least 0 but got {"a":1}.',
    );
  });

  test("a run's config.json is read back as it was, sources and all", () => {
    const config = resolveConfig([{ from: "file", values: { seed: 3 } }, flags({ epochs: 4, optimizer: "sgd" })]);
    expect(resolveConfig(parseRunConfig(JSON.stringify(config), "config.json"))).toEqual(config);
  });

  test("a run's config.json as the settings of another run", () => {
    const config = resolveConfig([flags({ epochs: 4, optimizer: "sgd", momentum: 0.5 })]);
    const again = resolveConfig([parseConfigFile(JSON.stringify(config), "config.json"), flags({ epochs: 6 })]);
    expect(configValues(again)).toEqual({ ...configValues(config), epochs: 6 });
    expect(again.optimizer).toEqual({ value: "sgd", from: "file" });
  });

  test.each([
    ["{", /^"my\.json": expected JSON but .+\nCorrect the file\.$/],
    ["[1]", /^"my\.json": expected an object of settings but got \[1\]/],
    ["null", /expected an object of settings but got null/],
    ["", /expected JSON/],
  ])("%j is refused", (text, lines) => {
    expect(refused(() => parseConfigFile(text, "my.json"))).toMatch(lines);
    expect(refused(() => parseRunConfig(text, "my.json"))).toMatch(lines);
  });
});

/** Lists of networks and of layers through the real command line. */
import { rmSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { emptyFolder, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

interface Listed {
  readonly models: readonly { readonly name: string; readonly macs: number; readonly weights: readonly unknown[] }[];
}

test("each network with its parameters, multiply-accumulates, weights and accuracy", () => {
  const { models } = ocelliJson<Listed>(cwd, ["models"]);
  expect(models).toHaveLength(22);
  expect(models.find(({ name }) => name === "resnet50")).toMatchObject({
    ...{ inputShape: [3, 224, 224], classes: 1000, parameters: 25_557_032, macs: 4_089_184_256 },
    weights: [
      { name: "IMAGENET1K_V1", top1: 76.13 },
      { name: "IMAGENET1K_V2", top1: 80.858 },
    ],
  });
  expect(models.find(({ name }) => name === "mnist-cnn")).toMatchObject({ parameters: 28_938, weights: [] });
  const lines = ocelli(cwd, ["models"]).stdout.split("\n");
  expect(lines.find((line) => line.startsWith("vgg16 "))).toMatch(
    /^vgg16 +3×224×224 +138,357,544 +15\.470 G +527\.8 MiB +71\.59% +13 convolutions/,
  );
});

test("the layers of one network, trainable or frozen, and what they add up to", () => {
  const args = ["models", "resnet18", "--classes", "2", "--freeze", "backbone"];
  const { stdout, status } = ocelli(cwd, args);
  expect(status).toBe(0);
  const lines = stdout.split("\n");
  expect(lines[1]).toMatch(/^conv1 +conv2d +64×112×112 +9,408 +frozen +118,013,952$/);
  expect(lines).toContainEqual(expect.stringMatching(/^ +adaptiveAveragePool +512×1×1$/));
  expect(lines).toContainEqual(expect.stringMatching(/^fc +linear +2 +1,026 +trainable +1,024$/));
  expect(lines).toContain("11,177,538 parameters: 1,026 trainable, 11,176,512 frozen");
  expect(ocelliJson(cwd, args)).toMatchObject({
    ...{ name: "resnet18", classes: 2, freeze: "backbone", parameters: 11_177_538, trainable: 1026 },
    layers: expect.arrayContaining([expect.objectContaining({ name: "layer4.1.conv2", outputShape: [512, 7, 7] })]),
  });
});

test.each([
  [["resnet81"], 'but got "resnet81"', 'Did you mean "resnet18"?'],
  [["resnet18", "--freeze", "layer"], 'a layer of resnet18 but got "layer"', 'Did you mean "layer1"?'],
  [
    ["resnet18", "--classes", "no"],
    '--classes: expected a whole number of at least 1 but got "no"',
    "Give another value, or leave it out.",
  ],
  [
    ["--freeze", "backbone"],
    "expected the name of a network",
    "Name one, such as: ocelli models resnet18 --freeze backbone",
  ],
])("%j is an error of two lines", (args, message, hint) => {
  const { stderr, status } = ocelli(cwd, ["models", ...args]);
  expect(status).toBe(1);
  const [first, second] = stderr.split("\n");
  expect(first).toContain(message);
  expect(second).toBe(`hint: ${hint}`);
});

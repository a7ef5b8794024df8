import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Dataset } from "../data/index.ts";
import { decodeImage, type Image, renderSvg } from "../image/index.ts";
import type { MetricsRecord } from "../metrics/index.ts";
import {
  batchPng,
  batchSvg,
  confusionPng,
  confusionSvg,
  curvesPng,
  curvesSvg,
  type Prediction,
  predictionsPng,
  predictionsSvg,
  samplesOf,
  worstPng,
  worstSvg,
} from "./index.ts";
import { formatShare, shortened, textWidth } from "./style.ts";
import { thumbnail } from "./thumbnail.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocelli-test-"));
  process.env.OCELLI_CACHE = folder;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const textsOf = (svg: string): string[] =>
  [...svg.matchAll(/<(?:text|tspan)[^>]*>([^<]+)</g)].map(([, text = ""]) => text);

/** Pixels that differ between a drawing and the same without its text. */
async function textPixels(svg: string): Promise<number> {
  const [whole, bare] = await Promise.all(
    [svg, svg.replace(/<text[\s\S]*?<\/text>/g, "")].map(async (drawn) => decodeImage(await renderSvg(drawn))),
  );
  expect(whole?.width).toBe(bare?.width);
  return whole?.data.filter((value, i) => value !== bare?.data[i]).length ?? 0;
}

/** Asserts that the PNG is the SVG at twice its size, the same at each call, and that its text is drawn. */
async function checkPicture(svg: string, draw: () => Promise<Uint8Array>): Promise<void> {
  const [png, again] = [await draw(), await draw()];
  expect(Buffer.from(png).equals(Buffer.from(again))).toBe(true);
  const { width, height } = await decodeImage(png);
  const size = /width="(\d+)" height="(\d+)"/.exec(svg);
  expect([width, height]).toEqual([2 * Number(size?.[1]), 2 * Number(size?.[2])]);
  expect(await textPixels(svg)).toBeGreaterThan(1000);
}

/** The records of a run that gets better. */
function run({ epochs, steps = 0, evals = 0 }: { epochs: number; steps?: number; evals?: number }): MetricsRecord[] {
  const perEpoch = Math.max(steps, 100);
  return Array.from({ length: epochs }, (_, index): MetricsRecord[] => {
    const [epoch, before] = [index + 1, index * perEpoch];
    const loss = (step: number): number => 2.3 / (1 + step / 20);
    const val = (step: number) => ({ loss: loss(step), accuracy: 1 - loss(step) / 4 });
    const end = before + perEpoch;
    const stepAt = (step: number): MetricsRecord => ({ type: "step", epoch, step, loss: loss(step), lr: 0.001 });
    const evalAt = (step: number): MetricsRecord => ({ type: "eval", epoch, step, val: val(step) });
    return [
      ...Array.from({ length: steps }, (_, i) => stepAt(before + i + 1)),
      ...Array.from({ length: evals }, (_, i) => evalAt(before + 20 * (i + 1))),
      { type: "epoch", epoch, step: end, train: val(end - 50), val: val(end), seconds: 3 },
    ];
  }).flat();
}

describe("curves", () => {
  test.each([
    ["one epoch with evaluations in it", run({ epochs: 1, steps: 100, evals: 3 }), "Step"],
    ["two epochs", run({ epochs: 2, steps: 100 }), "Step"],
    ["twenty epochs", run({ epochs: 20, steps: 300 }), "Epoch"],
    ["no step records", run({ epochs: 5 }), "Epoch"],
    ["steps alone", run({ epochs: 1, steps: 30 }).slice(0, 30), "Step"],
    ["nothing", [], "Step"],
  ])("%s", async (_, records, axis) => {
    const svg = await curvesSvg(records);
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["Loss (cross entropy, nats)", "Accuracy"]));
    expect(texts.filter((text) => text === axis)).toHaveLength(2);
    await checkPicture(svg, () => curvesPng(records));
  });

  const lineStrokes = (svg: string, label: string): number => svg.split(label).length - 1;
  test("the lines of training and validation are there", async () => {
    const svg = await curvesSvg(run({ epochs: 4, steps: 100 }));
    const words = ["training loss", "validation loss", "training accuracy", "validation accuracy"];
    expect(textsOf(svg)).toEqual(expect.arrayContaining(words));
    expect(lineStrokes(svg, 'stroke="#3b76c4"')).toBeGreaterThanOrEqual(2);
    expect(lineStrokes(svg, 'stroke="#e07b2d"')).toBeGreaterThanOrEqual(2);
  });
  test("the best evaluation and the title stand above", async () => {
    const texts = textsOf(await curvesSvg(run({ epochs: 3 }), { title: "a <b> & c" }));
    expect(texts).toContain("a &lt;b&gt; &amp; c");
    expect(texts).toContain("Best validation accuracy 96.41% (epoch 3, step 300)");
  });
  test("losses that are not finite are left out", async () => {
    const records = run({ epochs: 1, steps: 50 });
    const broken: MetricsRecord = { type: "step", epoch: 1, step: 51, loss: Number.NaN, lr: 0.001 };
    expect(await curvesSvg([broken, ...records])).toBe(await curvesSvg(records));
  });
});

const diagonal = (size: number): number[][] =>
  Array.from({ length: size }, (_, i) => Array.from({ length: size }, (_, j) => (i === j ? 90 : (i * j) % 4)));
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `class ${i}`);

describe("confusion matrix", () => {
  test.each([2, 10, 100])("%i classes", async (count) => {
    const svg = confusionSvg(diagonal(count), names(count));
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["Predicted class", "True class", "class 0"]));
    expect(texts.filter((text) => text === "90")).toHaveLength(count <= 10 ? count : 0);
    await checkPicture(svg, () => confusionPng(diagonal(count), names(count)));
  });
  test("long names are tilted, short ones are not", () => {
    expect(confusionSvg(diagonal(10), [...names(9), "Ankle boot"])).toContain("rotate(-45)");
    expect(confusionSvg(diagonal(10), [..."0123456789"])).not.toContain("rotate(-45)");
  });
  test("every name is escaped and shortened", () => {
    const svg = confusionSvg(diagonal(2), ['<&"', "a very long name of a class that would never fit"]);
    expect(textsOf(svg)).toContain("&lt;&amp;&quot;");
    expect(svg).toContain("a very long name…");
  });
  test("right answers are counted", () => {
    const svg = confusionSvg(
      [
        [3000, 1],
        [0, 999],
      ],
      names(2),
    );
    expect(svg).toContain("3,999 of 4,000 correct (99.98%)");
  });
  test("nothing counted", () => {
    expect(textsOf(confusionSvg([[0]], ["a"]))).toContain("0 of 0 correct · colour: share of the row");
  });
});

const pixels: Image = { width: 4, height: 4, channels: 1, data: Uint8Array.from({ length: 16 }, (_, i) => i * 16) };
const prediction = (truth: string, predicted: string): Prediction => ({
  pixels,
  truth,
  predicted,
  probability: 0.87654,
});

describe("predictions", () => {
  test("a grid of right and wrong ones", async () => {
    const items = Array.from({ length: 8 }, (_, i) => prediction(String(i), i === 5 ? "3" : String(i)));
    const svg = await predictionsSvg(items, { title: "Digits" });
    const texts = textsOf(svg);
    expect(texts).toEqual(expect.arrayContaining(["Digits", "7 of these 8 correct", "87.7%", "true: 5"]));
    expect(texts.filter((text) => text.startsWith("true:"))).toHaveLength(1);
    expect(svg.match(/data:image\/png;base64,/g)).toHaveLength(8);
    await checkPicture(svg, () => predictionsPng(items, { title: "Digits" }));
  });
  test("names are escaped and shortened", async () => {
    const svg = await predictionsSvg([prediction("<&>", "American Staffordshire terrier")]);
    expect(textsOf(svg)).toContain("true: &lt;&amp;&gt;");
    expect(svg).toContain("…</text>");
  });
  test("enlarged pixels keep their edges", async () => {
    const two: Image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 0, 255) };
    const { width, data } = await decodeImage(await predictionsPng([{ ...prediction("a", "a"), pixels: two }]));
    const row = 2 * (24 + 52 + 56);
    const colours = Array.from({ length: 100 }, (_, i) =>
      data
        .slice(3 * (row * width + 2 * 24 + 62 + i))
        .slice(0, 3)
        .join(),
    );
    expect(new Set(colours)).toEqual(new Set(["255,0,0", "0,0,255"]));
  });
  test("no items", async () => expect(textsOf(await predictionsSvg([]))).toContain("0 of these 0 correct"));
});

/** Two photos with normalised samples: one darker than black and lighter than white after a change by chance. */
const photos: Dataset = {
  length: 2,
  classes: ["ants", "American Staffordshire terrier"],
  shape: [3, 1, 2],
  normalisation: { mean: [0.5, 0.4, 0.3], std: [0.5, 0.2, 0.1] },
  sample: (index) => ({ image: Float32Array.of(-1, 1, 0, 9, -9, 1), label: index }),
};

describe("photos", () => {
  test("samples are shown with their normalisation undone, clipped, channels last", async () => {
    const [first, second] = await samplesOf(photos, [0, 1]);
    expect(first).toEqual({
      image: { width: 2, height: 1, channels: 3, data: Uint8Array.of(0, 102, 0, 255, 255, 102) },
      label: 0,
    });
    expect(second?.label).toBe(1);
  });

  test("a batch has a class, and a file, under each picture", async () => {
    const samples = await samplesOf(photos, [0, 1, 0]);
    const files = ["a.jpg", "b.jpg", "a name that is far too long.jpg"];
    const svg = await batchSvg(samples, { classes: photos.classes, files });
    expect(textsOf(svg)).toEqual([
      "A training batch",
      "3 pictures",
      "ants",
      "a.jpg",
      "American Staff…",
      "b.jpg",
      "ants",
      "a name that is f…",
    ]);
    await checkPicture(svg, () => batchPng(samples, { classes: photos.classes, files }));
  });

  test("the worst show loss and file", async () => {
    const item = { ...prediction("ants", "bees"), loss: 4.5678, file: "x.jpg" };
    const items = [item, { ...prediction("ants", "ants"), loss: 0.1 }];
    const svg = await worstSvg(items);
    expect(textsOf(svg)).toEqual(expect.arrayContaining(["true: ants", "loss 4.57", "x.jpg", "loss 0.10"]));
    await checkPicture(svg, () => worstPng(items));
  });

  test.each([
    [
      { width: 5000, height: 100 },
      { width: 227, height: 4 },
    ],
    [
      { width: 448, height: 640 },
      { width: 224, height: 320 },
    ],
    [
      { width: 447, height: 300 },
      { width: 447, height: 300 },
    ],
    [
      { width: 1, height: 3000 },
      { width: 1, height: 230 },
    ],
  ])("a picture of %j is shown as one of %j", ({ width, height }, expected) => {
    const data = new Uint8Array(width * height * 3).fill(77);
    const small = thumbnail({ width, height, channels: 3, data }, 224);
    expect(small).toMatchObject(expected);
    expect(small.data).toHaveLength(3 * small.width * small.height);
    expect(new Set(small.data)).toEqual(new Set([77]));
  });

  test("blocks of pixels become their mean", () => {
    const image: Image = { width: 4, height: 2, channels: 1, data: Uint8Array.of(0, 10, 200, 200, 20, 30, 201, 203) };
    expect([...thumbnail(image, 2).data]).toEqual([15, 201]);
  });
});

describe("text", () => {
  test.each([
    [1, "100%"],
    [0.9999, ">99.9%"],
    [0.9876, "98.8%"],
    [0, "0.0%"],
  ])("share %d is %s", (share, written) => expect(formatShare(share)).toBe(written));
  test.each([
    ["Ankle boot", 100, "Ankle boot"],
    ["American Staffordshire terrier", 60, "Americ…"],
    ["猫猫猫猫猫猫", 40, "猫猫…"],
    ["", 0, ""],
  ])("%s in %i", (name, width, fitting) => {
    expect(shortened(name, width, 12)).toBe(fitting);
    if (fitting !== "") expect(textWidth(fitting, 12)).toBeLessThanOrEqual(width);
  });
});

/** Names of pictures through the real command line: what may be given, and what is told of it. */
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { decodeImage, encodePng } from "../../src/image/index.ts";
import { bandImages, writeBandFolder } from "../bands.ts";
import { emptyFolder, failingIn, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const SIZE = 28;
const { images, labels } = bandImages(4);
let top: Uint8Array;

beforeAll(async () => {
  writeBandFolder(join(cwd, "bands"));
  ocelliJson(cwd, ["train", "bands", "--out", "run", "--batch-size", "8", "--lr", "0.01", "--engine", "onnx"]);
  mkdirSync(join(cwd, "pictures/deep"), { recursive: true });
  mkdirSync(join(cwd, "none"));
  for (const [index, name] of ["deep/b.png", "a.png", "c[1].PNG", "d.png"].entries()) {
    const data = images.slice(index * SIZE * SIZE, (index + 1) * SIZE * SIZE);
    const png = await encodePng({ width: SIZE, height: SIZE, channels: 1, data });
    writeFileSync(join(cwd, "pictures", name), png);
    if (index === 0) top = png;
  }
  writeFileSync(join(cwd, "pictures/notes.txt"), "no picture");
  writeFileSync(join(cwd, "small.png"), await encodePng({ width: 1, height: 1, channels: 1, data: Uint8Array.of(1) }));
});

/** Files with the class named first, and the exit code. */
function predicted(...args: string[]): { found: string[]; status: number | null } {
  const { stdout, status } = ocelli(cwd, ["predict", "run", ...args, "--json"]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  const found = lines.map((line) => {
    const { file, error, top: ranked } = JSON.parse(line);
    return `${file}: ${error ? "error" : ranked[0].class}`;
  });
  return { found, status };
}

// labels of bandImages are 0, 1, 2, 0
test("all pictures of a folder in order, those that a glob finds, and files with a glob's letters in their names", () => {
  expect([...labels]).toEqual([0, 1, 2, 0]);
  expect(predicted("pictures")).toEqual({
    found: ["pictures/a.png: 1", "pictures/c[1].PNG: 2", "pictures/d.png: 0", "pictures/deep/b.png: 0"],
    status: 0,
  });
  expect(predicted("pictures/*.png", "pictures/c[1].PNG")).toEqual({
    found: ["pictures/a.png: 1", "pictures/d.png: 0", "pictures/c[1].PNG: 2"],
    status: 0,
  });
  expect(predicted(join(cwd, "pictures/**/b.*")).found).toEqual([`${join(cwd, "pictures/deep/b.png")}: 0`]);
});

test("each thing that is no picture is told, and the others are named: exit code 1", () => {
  expect(predicted("none", "nothing-*.png", "small.png", "pictures/notes.txt", "gone.png", "pictures/a.png")).toEqual({
    found: [
      ...["none: error", "nothing-*.png: error", "small.png: error", "pictures/notes.txt: error", "gone.png: error"],
      "pictures/a.png: 1",
    ],
    status: 1,
  });
});

test("for people: a line for each picture on standard output, errors on standard error", () => {
  const { stdout, stderr, status } = ocelli(cwd, ["predict", "run", "none", "pictures/a.png", "small.png"]);
  expect(stdout).toMatch(/^pictures\/a\.png {2}1 \d\d\.\d\d%, [02] \d+\.\d\d%, [02] \d+\.\d\d%\n$/);
  expect(stderr).toBe(
    'error: "none": expected pictures but the folder holds none.\nhint: Give another folder, or files.\n' +
      'error: "small.png": expected a picture of 28×28 pixels, which mnist-cnn takes, but it has 1×1.\nhint: Resize the picture.\n',
  );
  expect(status).toBe(1);
});

test("a picture on standard input; nothing there is told", () => {
  const args = ["predict", "run", "-", "--json", "--top", "1"];
  expect(JSON.parse(ocelli(cwd, args, { input: top }).stdout)).toMatchObject({ file: "-", top: [{ index: 0 }] });
  const empty = ocelli(cwd, args, { input: new Uint8Array() });
  expect(empty.status).toBe(1);
  expect(JSON.parse(empty.stdout)).toEqual({
    file: "-",
    error: expect.stringMatching(/^standard input: expected .+ but it is empty\.$/),
  });
});

test("--heatmap writes each picture under its heat map, in colour, and JSON says where", async () => {
  const given = ["pictures/a.png", "pictures/notes.txt", "pictures/a.png", "-"];
  const { stdout, status } = ocelli(cwd, ["predict", "run", ...given, "--json", "--heatmap", "a/heat"], { input: top });
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(answers.map(({ heatmap }) => heatmap)).toEqual([
    join("a/heat", "a.heat.png"),
    undefined,
    join("a/heat", "a-2.heat.png"),
    join("a/heat", "standard-input.heat.png"),
  ]);
  expect(status).toBe(1);
  expect(readdirSync(join(cwd, "a/heat"))).toHaveLength(3);
  const { data, ...size } = await decodeImage(join(cwd, "a/heat/a.heat.png"));
  expect(size).toEqual({ width: 8 * SIZE, height: 8 * SIZE, channels: 3 });
  expect(data.some((value, at) => value !== data[at - (at % 3)])).toBe(true);
});

test("pictures of one name in two folders: text and CSV say which heat map is whose", () => {
  mkdirSync(join(cwd, "other"), { recursive: true });
  copyFileSync(join(cwd, "pictures/a.png"), join(cwd, "other/A.PNG"));
  const given = ["predict", "run", "pictures/a.png", "other/A.PNG", "--heatmap", "same"];
  const [first, second] = [join("same", "a.heat.png"), join("same", "A-2.heat.png")];
  const lines = ocelli(cwd, given).stdout.trim().split("\n");
  expect(lines.map((line) => line.split("  heat map "))).toEqual([
    [expect.stringMatching(/^pictures.a\.png /), first],
    [expect.stringMatching(/^other.A\.PNG /), second],
  ]);
  const [header, ...rows] = ocelli(cwd, [...given, "--format", "csv"])
    .stdout.trim()
    .split("\n");
  expect(header).toMatch(/,heatmap,error$/);
  expect(rows.map((row) => row.split(",").at(-2))).toEqual([first, second]);
  expect(readdirSync(join(cwd, "same"))).toHaveLength(2);
});

test("a folder for heat maps that cannot be made", () => {
  const { error } = failingIn(cwd, ["predict", "run", "pictures/a.png", "--heatmap", "small.png"], 1);
  expect(error).toMatch(/^--heatmap "small.png": expected a folder to write to but /);
});

/** What a person can do wrong: two lines that say what and what to do, the exit code, and nothing left half done. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodePth, encodePth, float32Tensor, stateDictOf } from "../../src/checkpoint/index.ts";
import { bandImages, idxFile, writeBandFolder } from "../bands.ts";
import { emptyFolder, type Finished, failingIn, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const TRAIN_IMAGES = "train-images-idx3-ubyte";
const TRAIN_LABELS = "train-labels-idx1-ubyte";
const { images, labels } = bandImages(40);
const packed = gzipSync(idxFile([40, 28, 28], images));

/** Data sets with something wrong, by what it is. */
const BROKEN: Readonly<Record<string, Readonly<Record<string, Uint8Array | null>>>> = {
  missing: { [TRAIN_LABELS]: null },
  truncated: { [TRAIN_IMAGES]: packed.subarray(0, -20) },
  corrupt: { [TRAIN_IMAGES]: packed.map((byte, at) => (at === 200 ? byte ^ 255 : byte)) },
  magic: { [TRAIN_IMAGES]: Buffer.from("<html>not found</html>") },
  counts: { [TRAIN_LABELS]: idxFile([41], new Uint8Array(41)) },
  labels: { "t10k-labels-idx1-ubyte": idxFile([15], new Uint8Array(15).fill(200)) },
  empty: { [TRAIN_IMAGES]: idxFile([0, 28, 28], new Uint8Array()), [TRAIN_LABELS]: idxFile([0], new Uint8Array()) },
  sizes: {
    [TRAIN_IMAGES]: idxFile([40, 14, 56], images),
    "t10k-images-idx3-ubyte": idxFile([15, 14, 56], bandImages(15).images),
  },
};

beforeAll(() => {
  writeBandFolder(join(cwd, "good"));
  for (const [name, changes] of Object.entries(BROKEN)) writeBandFolder(join(cwd, name), changes);
  writeBandFolder(join(cwd, "two-classes"), {
    [TRAIN_LABELS]: idxFile(
      [40],
      labels.map((label) => label % 2),
    ),
    "t10k-labels-idx1-ubyte": idxFile([15], new Uint8Array(15)),
  });
  writeFileSync(join(cwd, "file"), "a file");
  writeFileSync(join(cwd, "bad.json"), '{"epochs": 0}');
  writeFileSync(join(cwd, "cut.json"), '{"epochs":');
  const model = ["--batch-size", "8", "--max-steps", "1"];
  ocelliJson(cwd, ["train", "good", "--out", "run", ...model]);
  const whole = readFileSync(join(cwd, "run/best.pth"));
  writeFileSync(join(cwd, "cut.pth"), whole.subarray(0, whole.length / 2));
  const weights = new Map(stateDictOf(decodePth(whole, "best.pth"), "best.pth"));
  for (const name of ["conv1.0.weight", "out.bias"]) weights.set(name, float32Tensor([1], [0]));
  writeFileSync(join(cwd, "wrong.pth"), encodePth(weights));
});

const failing = (args: readonly string[], code: number) => failingIn(cwd, args, code);

const evil = resolve("tools/golden/checkpoint/evil.pth");

test.each([
  ["trian", "unknown command 'trian'", "Did you mean train?"],
  ["train good --epoch 3", "unknown option '--epoch'", "Did you mean --epochs?"],
  ["train good --max-steps", "'--max-steps <count>' argument missing", "--help"],
  ["train good bad", "too many arguments", "--help"],
  ["eval run", "missing required argument 'data'", "--help"],
  ["models --jsno", "unknown option '--jsno'", "Did you mean --json?"],
])("ocelli %s: exit code 2", (line, error, hint) => {
  const found = failing(line.split(" "), 2);
  expect(found.error).toContain(error);
  expect(found.hint).toContain(hint);
});

test.each([
  ["eval none.pth good --json", 1, '"none.pth": expected a run folder', "Check the path."],
  ["models --json --no-such-flag", 2, "unknown option '--no-such-flag'", "--help"],
])("ocelli %s: the error is an object on standard output too", (line, code, message, hint) => {
  const { status, stdout, stderr } = ocelli(cwd, line.split(" "));
  expect(status).toBe(code);
  const { error } = JSON.parse(stdout);
  expect(error.message).toContain(message);
  expect(error.hint).toContain(hint);
  expect(stderr).toBe(`error: ${error.message}\nhint: ${error.hint}\n`);
});

test("data that lack a class are measured, and the class is named", () => {
  const { status, stdout, stderr } = ocelli(cwd, ["eval", "run", "two-classes", "--json"]);
  expect(status).toBe(0);
  expect(stderr).toContain('There is no image of "1" and "2" of the model\'s 3 classes.\n');
  expect(JSON.parse(stdout).perClass.map(({ count }: { count: number }) => count)).toEqual([15, 0, 0]);
});

test.each([
  // settings
  ["train good --epochs 0", "--epochs: expected a whole number of at least 1 but got 0.", "leave it out for 3."],
  ["train good --batch-size -1", "--batch-size: expected a whole number of at least 1 but got -1.", "Give another"],
  ["train good --lr NaN", '--lr: expected a number above 0 but got "NaN".', "leave it out for 0.001."],
  ["train good --model mnist-cn", 'but got "mnist-cn".', 'Did you mean "mnist-cnn"?'],
  ["train good --engine onx", "--engine: expected one of auto, onnx, onednn, reference", 'Did you mean "onnx"?'],
  ["train good --schedule cosin", 'schedule "cosin": expected', 'Did you mean "cosine"?'],
  ["train good --schedule warmup:9", "expected a warm-up shorter than the run of 3 epochs", "Shorten the warm-up"],
  ["train good --config none.json", '"none.json": expected a file of settings but there is no such file', "path"],
  ["train good --config cut.json", '"cut.json": expected JSON but', "Correct the file."],
  ["train good --config bad.json", '"bad.json", epochs: expected a whole number of at least 1', "Give another value"],
  ["bench --job trian", "--job: expected one of train, eval, data", 'Did you mean "train"?'],
  ["eval run good --batch-size 0", "--batch-size: expected a whole number of at least 1 but got 0.", "leave it out"],
  // data
  ["train mnsit", 'data "mnsit": expected mnist, fashion-mnist', 'Did you mean "mnist"?'],
  ["train file", 'data "file": expected mnist', "Check the path."],
  ["train missing", "train-labels-idx1-ubyte.gz is missing", "Put the four files there"],
  ["train truncated", "expected gzip data but it is truncated", "fetch it again"],
  ["train corrupt", "expected gzip data but it is corrupt", "fetch it again"],
  ["train magic", "expected an IDX file (magic", "fetch it again"],
  ["train counts", "expected 40 labels, one per image of", "Use images and labels of the same set."],
  ["train labels", "expected labels in 0..2, as in training, but label number 0 is 200", "Correct the label"],
  ["train empty", "expected at least one image", "Use a data set with images in it."],
  [
    "train sizes",
    "expected images of shape [1, 28, 28], which mnist-cnn takes, but they are [1, 14, 56]",
    "of that size",
  ],
  ["eval run sizes", "expected images of shape [1, 28, 28], which the network takes", "of that size"],
  // where the run goes
  ["train good --out file", '"file": expected a folder to write the run to but it, or a part', "another --out"],
  ["train good --out file/run", '"file/run": expected a folder to write the run to but', "another --out"],
  ["train good --out run", '"run": expected a new or empty folder but it holds a run already', "ocelli resume run"],
  ["train good --out good", '"good": expected a new or empty folder but it holds "t10k', "Choose another --out."],
  // models and runs
  ["eval none.pth good", '"none.pth": expected a run folder or a .pth file', "Check the path."],
  ["eval good good", '"good": expected a run folder or a .pth file but the folder holds no run', "Check the path."],
  [
    "eval wrong.pth good --model mnist-cnn",
    'wrong shapes: "conv1.0.weight" is [1] and not [16, 1, 5, 5], "out.bias" is [1] and not [3]',
    "Give weights of mnist-cnn",
  ],
  ["eval cut.pth good", '"cut.pth": expected a .pth file but', "it is damaged"],
  [`eval ${evil} good --model mnist-cnn`, 'but it asks to run "posix.system"', "do not trust"],
  ["resume good", '"good": expected the folder of a run but it has no config.json', "that `ocelli train` made"],
  ["resume run", '"run": expected steps to be left but 1 of at most 1 are done', "--max-steps 2 or higher"],
])("ocelli %s: exit code 1", (line, error, hint) => {
  const found = failing(line.split(" "), 1);
  expect(found.error).toContain(error);
  expect(found.hint).toContain(hint);
});

test.skipIf(process.platform !== "linux")("a run cannot be where there are no folders", () => {
  const { error } = failing(["train", "good", "--out", "/proc/ocelli/run"], 1);
  expect(error).toContain('"/proc/ocelli/run": expected a folder to write the run to but no folder can be made there');
});

test.skipIf(process.platform !== "linux")("results that cannot be written are no success", () => {
  const full = spawnSync("sh", ["-c", `"${process.execPath}" dist/cli/main.js models --json > /dev/full`], {
    encoding: "utf8",
  });
  expect(full.status).toBe(1);
  expect(full.stderr).toBe(
    'error: "standard output": expected to write this file but the disk is full.\n' +
      "hint: Free some space, or choose a folder on another disk.\n",
  );
});

/** A disk of `kilobytes`, where this may be had: as root, on Linux. */
function mountDisk(folder: string, kilobytes: number): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder]).status === 0;
}

describe.skipIf(!mountDisk(join(cwd, "disk"), 256))("on a disk of 256 KB", () => {
  const disk = join(cwd, "disk");
  const train = ["train", "good", "--batch-size", "8", "--epochs", "2", "--out", "disk/run"];
  afterAll(() => spawnSync("umount", [disk]));

  test("a run that has no room for its first checkpoint leaves nothing", () => {
    const filler = join(disk, "filler");
    writeFileSync(filler, new Uint8Array(200_000));
    const { error, hint } = failing(train, 1);
    expect(error).toContain('"disk/run/last.pth": expected to write this file but the disk is full');
    expect(hint).toContain("Free some space");
    rmSync(filler);
  });

  test("a run that has no room on its way keeps its checkpoint, and goes on when there is some", () => {
    const { status, stderr }: Finished = ocelli(cwd, train);
    expect([status, stderr]).toEqual([
      1,
      expect.stringMatching(/error: "disk\/run\/\w+\.pth": .+ the disk is full\.\nhint:/),
    ]);
    expect(readdirSync(join(disk, "run")).filter((name) => name.endsWith(".tmp"))).toEqual([]);
    expect(existsSync(join(disk, "run/last.pth"))).toBe(true);
    spawnSync("mount", ["-o", "remount,size=8m", disk]);
    expect(ocelliJson(cwd, ["resume", "disk/run"])).toMatchObject({ epochs: 2, steps: 10 });
  });
});

describe("a libdnnl that cannot be loaded", () => {
  const env = { OCELLI_DNNL: join(cwd, "file") };
  const train = ["train", "good", "--batch-size", "8", "--max-steps", "1", "--out"];
  const told = /^engine onednn: expected a libdnnl .*file.* The onnx engine is used instead\.$/m;

  test("auto says why it takes the onnx engine", () => {
    const { status, stderr } = ocelli(cwd, [...train, "fallback"], { env });
    expect(stderr).toMatch(told);
    expect(stderr).toContain("on the onnx engine");
    expect(status).toBe(0);
    for (const command of [
      ["eval", "fallback", "good"],
      ["report", "fallback"],
      ["bench", "--steps", "1"],
    ]) {
      const later = ocelli(cwd, command, { env });
      expect([later.status, later.stderr]).toEqual([0, expect.stringMatching(told)]);
    }
  });

  test("the engine onednn is refused", () => {
    const { error, hint } = failingIn(cwd, [...train, "refused", "--engine", "onednn"], 1, (args) =>
      ocelli(cwd, args, { env }),
    );
    expect(error).toContain("engine onednn: expected a libdnnl of version 2.6 or newer, up to 3.x, but found none");
    expect(hint).toBe("Set OCELLI_DNNL to the file, or leave it out.");
  });
});

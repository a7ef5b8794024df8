/** What can be wrong with photos, weights and settings: two lines that say what and what to do, and nothing half done. */
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePth, float32Tensor } from "../../src/checkpoint/index.ts";
import { findModel } from "../../src/models/index.ts";
import { initialState } from "../../src/nn/index.ts";
import { type FileTree, writeTree } from "../../src/testing/photo-folders.ts";
import { failingIn, MAIN, ocelli, quickTraining } from "./ocelli.ts";

const PHOTOS: FileTree = {
  ...{ "train/ants/1.png": 1, "train/ants/2.png": 2, "train/bees/3.png": 3, "train/bees/4.png": 4 },
  ...{ "val/ants/5.png": 5, "val/bees/6.png": 6 },
};

/** A PNG file of a few bytes whose header says that it is so large. */
function hugePng(side: number): Uint8Array {
  const chunk = (name: string, content: Uint8Array): Buffer => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", Buffer.alloc(16)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** The beginning of a JPEG file: start, then a frame of 64×64 pixels, and no end. */
const CUT_JPEG = Buffer.from("ffd8ffc0001108004000400301220002110103110100", "hex");

/** A state dict whose names in the archive lead out of it. */
const withTricks = (): Uint8Array =>
  Buffer.from(
    Buffer.from(encodePth({ w: float32Tensor([1], [1]) }))
      .toString("latin1")
      .replaceAll("archive/", "../evil/"),
    "latin1",
  );

/** A state dict whose archive says that its pickle unpacks to 2 GiB. */
function bomb(): Uint8Array {
  const bytes = encodePth({ w: float32Tensor([1], [1]) }).slice();
  const view = new DataView(bytes.buffer);
  const directory = view.getUint32(bytes.length - 6, true);
  view.setUint32(directory + 8, 8 << 16, true); // deflated
  view.setUint32(directory + 24, 0x7fffffff, true);
  return bytes;
}

/** Folders of photos with something wrong, by what it is. */
const FOLDERS: Readonly<Record<string, FileTree>> = {
  nothing: { "train/notes.txt": "no photo", "val/ants/5.png": 5 },
  empty: { ...PHOTOS, "train/cats/notes.txt": "no photo" },
  single: { "train/ants/1.png": 1, "val/ants/2.png": 2 },
  unknown: { ...PHOTOS, "val/cats/1.png": 1 },
  missing: { ...PHOTOS, "train/cats/1.png": 1, "train/cats/2.png": 2 },
  others: { ...PHOTOS, "train/ants/moving.gif": "GIF89a", "val/bees/notes.txt": "no photo" },
  cut: { ...PHOTOS, "train/ants/cut.jpg": CUT_JPEG },
  hollow: { ...PHOTOS, "train/bees/hollow.jpg": "" },
  huge: { ...PHOTOS, "val/bees/huge.png": hugePng(30_000) },
};

let cwd: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  const entries = Object.entries({ good: PHOTOS, ...FOLDERS }).flatMap(([folder, files]) =>
    Object.entries(files).map(([name, content]) => [`${folder}/${name}`, content] as const),
  );
  const squeezed = initialState(findModel("squeezenet1_1").build({ classes: 2 }), 0);
  const weights = new Map([...squeezed].map(([name, { shape, data }]) => [name, float32Tensor(shape, data)]));
  ({ root: cwd, remove } = await writeTree({
    ...Object.fromEntries(entries),
    "squeezenet.pth": encodePth({ state_dict: weights, model: "squeezenet1_1" }),
    "bare.pth": encodePth(weights),
    "tricks.pth": withTricks(),
    "bomb.pth": bomb(),
    "torch/hub/checkpoints/resnet18-f37072fd.pth": "another file",
    "home/.keep": "",
  }));
});
afterAll(() => remove());

const evil = resolve("tools/golden/checkpoint/evil.pth");

test.each([
  // folders
  ["train nothing", '"nothing": expected a folder for each class in "train" but it holds only photos', "of its own"],
  [
    "train empty",
    '"empty/train": expected photos in each class folder but "cats" has none (1 file there',
    "remove the",
  ],
  ["train single", 'expected at least two classes to tell apart but there is only "ants".', "Add photos of another"],
  [
    "train unknown",
    '"unknown/val": expected the classes of training, "ants" and "bees", but "cats" is unknown',
    "same",
  ],
  [
    "train missing",
    '"missing/val": expected the classes of training, "ants", "bees" and "cats", but "cats" is missing',
    "",
  ],
  // weights
  [
    "train good --weights bare.pth",
    'it has none of its tensors, but "features.0.weight", "features.0.bias"',
    "add --model squeezenet1_1",
  ],
  ["train good --weights squeezenet.pth", /none of its tensors, but .+ and \d+ more\./, "--model squeezenet1_1."],
  ["train good --weights imagnet", 'there is no file "imagnet".', 'Did you mean "imagenet"?'],
  ["train good --weights none.pth", '"none.pth": expected a file of weights', "Check the path."],
  [
    `train good --weights ${evil}`,
    'expected tensors and plain data but it asks to run "posix.system".',
    "do not trust",
  ],
  ["train good --weights tricks.pth", 'it has none of its tensors, but "w".', "of resnet18"],
  ["train good --weights bomb.pth", /entry "archive\/data\.pkl" is compressed/, ""],
  // settings
  ["train good --freeze layer9", "freeze: expected none, backbone or the name of a layer of resnet18", '"layer1"?'],
  ["train good --layer-lr layr4:0.5", "expected backbone, head or the name of a layer of resnet18", '"layer4"?'],
  ["train good --layer-lr layer4=0.5", 'a factor of at least 0, such as backbone:0.1, but got "layer4=0.5".', ""],
  ["train good --unfreeze-at 2", "unfreezeAt: expected something to be frozen before epoch 2", "Add --freeze backbone"],
  ["train good --freeze backbone --unfreeze-at 99", "expected an epoch in 1..15, as the run has no more", "--epochs"],
  ["train good --freeze backbone --unfreeze-lr 0.1", "expected an epoch from which on it holds", "Add --unfreeze-at"],
  ["train good --model alexnet --size 32", "expected at least 63 pixels, which alexnet needs, but got 32.", "for 224."],
  ["train good --recipe photo", 'expected one of mnist, photos, tutorial, seed but got "photo".', '"photos"?'],
  ["train good --model mnist-cnn", "of shape [1, 28, 28], which mnist-cnn takes, but they are photos.", "resnet18"],
  ["train good --sampling balanced --class-weights balanced", "as the sampling is balanced already", "one of the two"],
])("ocelli %s", (line, error, hint) => {
  const found = failingIn(cwd, line.split(" "), 1);
  expect(found.error).toMatch(error);
  expect(found.hint).toContain(hint);
});

const SMALL = quickTraining(2);

test("files that are no photos by their names are left out, and named", () => {
  const { status, stderr } = ocelli(cwd, ["train", "others", "--out", "run-others", ...SMALL]);
  expect(stderr).toContain(
    'Skipped 2 files that are no photo of a class: "train/ants/moving.gif" and "val/bees/notes.txt" (a GIF, which torchvision passes over too).',
  );
  expect(stderr).toContain("4 images to train, 2 to validate\n");
  expect(status).toBe(0);
});

describe.each([
  ["cut", "train/ants/cut.jpg", "expected a whole picture but the file is cut off."],
  [
    "hollow",
    "train/bees/hollow.jpg",
    "expected a JPEG, PNG, WebP, AVIF, TIFF, BMP, PPM or GIF picture but it is empty.",
  ],
  ["huge", "val/bees/huge.png", "expected a picture of at most 178 megapixels but its header says 30000×30000."],
])("photos that cannot be decoded: %s", (folder, file, fault) => {
  test("stop the run, which says which one; its folder is whole", () => {
    const { status, stderr } = ocelli(cwd, ["train", folder, "--out", `${folder}-failed`, ...SMALL]);
    expect(stderr).toContain(`error: "${folder}/${file}": ${fault}\nhint: `);
    expect(stderr).toMatch(new RegExp(`See all such files with: ocelli data check ${folder}\n$`));
    expect(status).toBe(1);
    const left = readdirSync(join(cwd, `${folder}-failed`)).toSorted();
    expect(left).toEqual(["config.json", "last.pth", "log.txt", "metrics.jsonl", "photos.jsonl"]);
  });

  test("are left out with --bad-files skip, named and counted", () => {
    const { status, stderr } = ocelli(cwd, [
      "train",
      folder,
      "--out",
      `${folder}-skipped`,
      "--bad-files",
      "skip",
      ...SMALL,
    ]);
    expect(stderr).toContain(`Left out 1 file that cannot be read: "${file}".\n`);
    expect(stderr).toContain("4 images to train, 2 to validate\n");
    expect(status).toBe(0);
  });
});

test("weights that cannot be fetched: which file to put where", () => {
  // nothing listens on port 9, so that the proxy refuses at once and the network is never used
  const env = { HOME: join(cwd, "home"), TORCH_HOME: "", XDG_CACHE_HOME: "", https_proxy: "http://127.0.0.1:9" };
  const run = () => ocelli(cwd, ["train", "good", "--weights", "imagenet"], { env });
  run(); // makes the folder
  const { error, hint } = failingIn(cwd, [], 1, run);
  expect(error).toContain("resnet18-f37072fd.pth: expected to download it but no address gave it");
  expect(hint).toBe(
    "Fetch https://download.pytorch.org/models/resnet18-f37072fd.pth and save it as " +
      `"resnet18-f37072fd.pth" in the folder "${join(cwd, "home/.cache/torch/hub/checkpoints")}".`,
  );
});

test("photos without a word of weights do not begin at random: which commands help; a dry run tells it beforehand", () => {
  const env = { TORCH_HOME: join(cwd, "home"), https_proxy: "http://127.0.0.1:9" };
  const run = (...more: string[]) => ocelli(cwd, ["train", "good", "--epochs", "2", ...more], { env });
  const before = readdirSync(cwd);
  const { status, stderr } = run();
  expect(status).toBe(1);
  expect(stderr).toMatch(
    /^error: weights: expected the official ones of resnet18, with which photos begin by default, but they cannot be had\. resnet18-f37072fd\.pth: expected to download it but no address gave it \(.+\)\.\nhint: .+\n$/,
  );
  expect(stderr).toContain(
    ": ocelli train good --epochs 2 --weights FILE · or from scratch: ocelli train good --epochs 2 --weights none\n",
  );
  expect(readdirSync(cwd)).toEqual(before);
  const foreseen = run("--dry-run");
  expect(foreseen.status).toBe(0);
  expect(foreseen.stdout).toMatch(
    /^weights +imagenet +default \(not available: https:\/\/download\.pytorch\.org\/.+\)$/m,
  );
  const scratch = run("--dry-run", "--weights", "none");
  expect(scratch.stdout).toMatch(/^weights +none +flag$/m);
});

test("official weights of another hash are not used, and stay where they are, as they may be somebody's own", () => {
  const run = () =>
    ocelli(cwd, ["train", "good", "--weights", "imagenet"], { env: { TORCH_HOME: join(cwd, "torch") } });
  const { error, hint } = failingIn(cwd, [], 1, run);
  expect(error).toMatch(
    /resnet18-f37072fd\.pth": expected a SHA-256 that begins with f37072fd but it is [0-9a-f]{64}\.$/,
  );
  expect(hint).toContain("Delete the file: it is then fetched again from https://download.pytorch.org/models/");
});

/** Runs `ocelli ARGS` as somebody whom permissions bind, which are none to root. */
const bound = (args: readonly string[]) => {
  const isRoot = process.getuid?.() === 0;
  const [command, ...first] = isRoot
    ? ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", process.execPath]
    : [process.execPath];
  return spawnSync(command as string, [...first, MAIN, ...args], { cwd, encoding: "utf8" });
};
const canBeBound =
  process.platform !== "win32" &&
  (process.getuid?.() !== 0 || spawnSync("setpriv", ["--bounding-set", "-dac_override", "true"]).status === 0);

test.skipIf(!canBeBound).each([
  ["a folder", "train locked", "locked", "expected a folder of photos but permission is denied.", "chmod u+rx"],
  ["a photo", "train good", "good/train/ants/1.png", '1.png": expected', "Give yourself the right to read it"],
  ["weights", "train good --weights bare.pth", "bare.pth", "reading it is not permitted.", "Give yourself the right"],
])("%s that one may not read", (_, line, path, error, hint) => {
  mkdirSync(join(cwd, "locked"), { recursive: true });
  chmodSync(join(cwd, path), 0);
  const found = failingIn(cwd, line.split(" "), 1, bound);
  chmodSync(join(cwd, path), 0o755);
  expect(found.error).toContain(error);
  expect(found.hint).toContain(hint);
});

test.skipIf(!canBeBound)("a run where one may not write", () => {
  mkdirSync(join(cwd, "sealed"));
  chmodSync(join(cwd, "sealed"), 0o555);
  const { error } = failingIn(cwd, ["train", "good", "--weights", "none", "--out", "sealed/run"], 1, bound);
  expect(error).toContain('"sealed/run": expected a folder to write the run to but');
  chmodSync(join(cwd, "sealed"), 0o755);
  rmSync(join(cwd, "sealed"), { recursive: true });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { decodeImage } from "../../image/index.ts";
import { writeTree } from "../../testing/photo-folders.ts";
import { dataCommand } from "./data.ts";

let root = "";
let remove = async (): Promise<void> => {};
const PHOTOS = { "train/ants/1.png": 1, "train/bees/2.png": 2, "val/ants/3.png": 3, "val/bees/4.png": 4 };
beforeAll(async () => {
  ({ root, remove } = await writeTree({ ...PHOTOS, "train/bees/x.gif": "GIF" }));
  process.env.OCELLI_CACHE = join(root, "../ocelli-data-test-cache");
});
afterAll(() => remove());
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs the command; what it prints on standard output and on standard error, and its exit code. */
async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const printed = { out: "", err: "" };
  for (const [stream, name] of [[process.stdout, "out"] as const, [process.stderr, "err"] as const]) {
    vi.spyOn(stream, "write").mockImplementation((text) => {
      printed[name] += String(text);
      return true;
    });
  }
  process.exitCode = undefined;
  await dataCommand.parseAsync(args, { from: "user" });
  vi.restoreAllMocks();
  return { ...printed, code: Number(process.exitCode ?? 0) };
}

test("check tells what was found, and exits with 0", async () => {
  const { out, err, code } = await run("check", root);
  expect({ err, code }).toEqual({ err: "", code: 0 });
  expect(out).toContain("4 photos in 2 classes (folders train and val)");
  expect(out).toMatch(/class {2}train {2}val\nants {7}1 {4}1\nbees {7}1 {4}1\ntotal {6}2 {4}2\n/);
  expect(out).toContain("sides of 30 to 40 pixels, in the middle 40×30");
  expect(out).toContain("warning: 4 photos have a side below 64 pixels.\n  train/ants/1.png: 40×30");
  expect(out).toContain(
    "note: 1 file is not used.\n  train/bees/x.gif: a GIF, which torchvision passes over too\n  → ",
  );
  expect(out).toMatch(/fine: 0 errors, 1 warning, 1 note\n$/);
});

test("check exits with 1 where something is broken, and is one JSON object with --json", async () => {
  const broken = await writeTree({ ...PHOTOS, "train/ants/copy.png": 4, "val/bees/bad.jpg": "text" });
  const { out, code } = await run("check", broken.root, "--json", "--size", "20");
  expect(code).toBe(1);
  const found = JSON.parse(out);
  expect(found).toMatchObject({ ok: false, photos: { train: 3, val: 3 } });
  expect(found.problems.map(({ kind }: { kind: string }) => kind)).toEqual([
    "unreadable",
    "leakage",
    "contradiction",
    "tiny",
  ]);
  expect(found.problems[1].found).toEqual([{ files: ["train/ants/copy.png", "val/bees/4.png"] }]);
  expect((await run("check", broken.root)).out).toMatch(
    /\n {2}train\/ants\/copy\.png = val\/bees\/4\.png\n[\s\S]*broken: 2 errors/,
  );
  await broken.remove();
});

test("check counts the pictures of a data set that is known by name", async () => {
  const { out, code } = await run("check", "digits", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ data: "digits", ok: true, shape: [1, 28, 28] });
  expect((await run("check", "digits")).out).toMatch(/in 10 classes\n\nclass[\s\S]*fine: the files are whole/);
});

test.each([
  [["--val-share", "2"], "--val-share: expected a number between 0 and 1 but got"],
  [["--size", "0.5"], "--size: expected a whole number of at least 1"],
  [["--seed", "-1"], "--seed: expected a whole number of at least 0"],
])("%j is the user's to mend", async (flags, message) => {
  const { err, code } = await run("check", root, ...flags);
  expect(code).toBe(1);
  expect(err).toContain(`error: ${message}`);
  expect(err).toContain("\nhint: ");
});

test("show draws a batch, always the same for a seed and an epoch", async () => {
  const draw = async (name: string, ...flags: string[]): Promise<Buffer> => {
    const file = join(root, `${name}.png`);
    const { out, err } = await run("show", root, "--out", file, "--size", "32", ...flags);
    expect({ out, err }).toEqual({
      out: `picture   ${file}\n`,
      err: 'Skipped 1 file that is no photo of a class: "train/bees/x.gif" (a GIF, which torchvision passes over too).\n',
    });
    return readFile(file);
  };
  const first = await draw("first");
  expect(await decodeImage(first)).toMatchObject({ width: 1600, height: 524 });
  expect(await draw("again")).toEqual(first);
  expect(await draw("second", "--epoch", "2")).not.toEqual(first);
  expect(await draw("plain", "--augment", "none")).not.toEqual(first);
});

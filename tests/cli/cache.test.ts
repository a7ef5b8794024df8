/** `ocelli cache` through the real command line. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { emptyFolder, failingIn, ocelli } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));
const root = join(cwd, "cache");
const cache = (...args: string[]) => ocelli(cwd, ["cache", ...args], { env: { OCELLI_CACHE: root } });

test("what is kept is listed and removed kind by kind; files of other programs are neither", () => {
  expect(cache("list").stdout).toMatch(/^0\.0 MB in .+\n$/);
  const files = {
    "features/0123456789abcdef0123456789abcdef.features": 3e6,
    "features/notes.txt": 10,
    "mnist/train-images-idx3-ubyte.gz": 2e6,
    "fonts-inter-1/fonts.conf": 100,
    "onnx-kernels.json": 100,
    "thesis.doc": 7,
  };
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(join(root, name, ".."), { recursive: true });
    writeFileSync(join(root, name), new Uint8Array(bytes));
  }
  const { stdout, status } = cache("list");
  expect(status).toBe(0);
  const rows = ["features", "3.0 MB", "data", "2.0 MB", "fonts", "choices", "5.0 MB in", "up to 10 GB"];
  for (const text of rows) expect(stdout).toContain(text);
  expect(JSON.parse(cache("list", "--json").stdout)).toMatchObject({ folder: root, bytes: 5_000_200 });
  expect(cache("clear", "features", "choices").stdout).toBe("2 files removed, 3.0 MB\n");
  expect(readdirSync(root).toSorted()).toEqual(["features", "fonts-inter-1", "mnist", "thesis.doc"]);
  expect(JSON.parse(cache("clear", "--json").stdout)).toMatchObject({ bytes: 2_000_100 });
  expect(readdirSync(root).toSorted()).toEqual(["features", "thesis.doc"]);
  expect(existsSync(join(root, "features/notes.txt"))).toBe(true);
});

test("another kind is told in two lines", () => {
  expect(failingIn(cwd, ["cache", "clear", "weights"], 2).error).toContain("weights");
});

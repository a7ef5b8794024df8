import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { removeUnfinished, removeUnfinishedOf } from "./unfinished.ts";

const folder = await mkdtemp(join(tmpdir(), "ocelli-unfinished-"));
afterAll(() => rm(folder, { recursive: true }));

/** A number that no process has. */
const GONE = 99_999_999;

test("what ended processes left is removed, of one file or of all, and nothing that a living one may write", async () => {
  const kept = [`.a.onnx.${process.ppid}.tmp`, ".a.onnx.tmp", "a.onnx", `a.onnx.${GONE}.tmp`];
  const own = [`.a.onnx.${GONE}.tmp`, `.a.onnx.${process.pid}.tmp`];
  const other = `.b.onnx.${GONE}.tmp`;
  for (const name of [...kept, ...own, other]) await writeFile(join(folder, name), "");
  await removeUnfinishedOf(join(folder, "a.onnx"));
  expect((await readdir(folder)).toSorted()).toEqual([...kept, other].toSorted());
  await removeUnfinished(folder);
  expect((await readdir(folder)).toSorted()).toEqual(kept.toSorted());
  await removeUnfinished(join(folder, "none"));
});

import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { expectNoLinks } from "./links.ts";

const root = await mkdtemp(join(tmpdir(), "ocelli-links-"));
afterAll(() => rm(root, { recursive: true }));
const run = join(root, "run");
beforeEach(async () => {
  await rm(run, { recursive: true, force: true });
  await mkdir(join(run, "exports/page/ort"), { recursive: true });
  await writeFile(join(run, "config.json"), "{}");
});

test("a run of files and folders, one that is reached by a link, and one that is not there have none", async () => {
  await expectNoLinks(run);
  await symlink(run, join(root, "other"));
  await expectNoLinks(join(root, "other"));
  await expectNoLinks(join(root, "none"));
});

test.each([
  ...["metrics.jsonl", "log.txt", "best.pth", "progress.json", "run.lock", ".config.json.7.tmp", "curves.png"],
  ...["exports", "exports/a.onnx", "exports/page/ort/x.wasm", "tensorboard", "samples"],
])("%s as a link is refused by its name", async (name) => {
  const path = join(run, name);
  await rm(path, { recursive: true, force: true });
  await mkdir(dirname(path), { recursive: true });
  await symlink("/etc", path);
  await expect(expectNoLinks(run)).rejects.toThrow(`"${path}": expected a file of the folder itself but it is a link.`);
});

test("what no run has is left alone", async () => {
  await symlink("/etc", join(run, "photos"));
  await expectNoLinks(run);
});

import { appendFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { bandData } from "../../tests/bands.ts";
import type { IdxData } from "../data/index.ts";
import type { MetricsRecord } from "../metrics/index.ts";
import { resolveConfig } from "./config.ts";
import {
  checkRunFolder,
  createRunFolder,
  freeRunFolder,
  isRunFolder,
  openRunFolder,
  readRecords,
  readRunConfig,
  readRunMarks,
  rewindRunFolder,
} from "./run-folder.ts";

const parent = await mkdtemp(join(tmpdir(), "ocelli-runs-"));
afterAll(() => rm(parent, { recursive: true }));
const config = resolveConfig([{ from: "flag", values: { epochs: 7 } }]);

let count = 0;
const newPath = (): string => join(parent, `run-${count++}`);
const step = (number: number): MetricsRecord => ({ type: "step", epoch: 1, step: number, loss: 0.5, lr: 0.1 });

describe("a new run", () => {
  test("has its settings, and empty records and log", async () => {
    const folder = await createRunFolder(join(newPath(), "deep", "er"), config);
    const files = ["config.json", "log.txt", "metrics.jsonl"];
    expect((await readdir(folder.path)).toSorted()).toEqual([...files, "run.lock"]);
    await folder.release();
    expect((await readdir(folder.path)).toSorted()).toEqual(files);
    expect(await readRunConfig(folder.path)).toEqual(config);
    expect(await readRecords(folder.path)).toEqual([]);
    expect(await isRunFolder(folder.path)).toBe(true);
  });

  test("keeps what people said of its photos", async () => {
    const marks = { "val/ants/0.png": { label: "bees" }, "val/bees/1.png": { excluded: true } } as const;
    const { path } = await createRunFolder(newPath(), config, { data: { ...bandData(), marks } as IdxData });
    expect(await readRunMarks(path)).toEqual(marks);
    expect(await readRunMarks((await createRunFolder(newPath(), config, { data: bandData() })).path)).toEqual({});
  });

  test("records that could not be written are followed by nothing, so that no checkpoint counts them", async () => {
    const folder = await createRunFolder(newPath(), config);
    await rm(folder.file("metrics"));
    await mkdir(folder.file("metrics"));
    folder.record(step(1)); // written at once, by nobody's wish
    await expect(folder.flush()).rejects.toThrow("metrics.jsonl");
    await rm(folder.file("metrics"), { recursive: true });
    folder.record(step(2));
    await expect(folder.flush()).rejects.toThrow("metrics.jsonl");
    expect(await readdir(folder.path)).not.toContain("metrics.jsonl");
    await folder.release();
  });

  test("takes the place of one that was ended before its first checkpoint", async () => {
    const path = newPath();
    const ended = await createRunFolder(path, config);
    await ended.release();
    await writeFile(join(path, ".config.json.99999999.tmp"), "{");
    await writeFile(join(path, "progress.json"), "{");
    await expect(readRunConfig(path)).resolves.toEqual(config);
    await rm(join(path, "config.json"));
    await expect(readRunConfig(path)).rejects.toThrow("but it was ended before its first checkpoint.");
    await (await createRunFolder(path, config)).release();
    expect((await readdir(path)).toSorted()).toEqual(["config.json", "log.txt", "metrics.jsonl"]);
    await appendFile(join(path, "metrics.jsonl"), `${JSON.stringify(step(1))}\n`);
    await expect(checkRunFolder(path)).rejects.toThrow("it holds a run already");
  });

  test("takes by force the place of one on another machine that had not begun, and says how", async () => {
    const path = newPath();
    await mkdir(path);
    await writeFile(join(path, "run.lock"), JSON.stringify({ pid: 7, host: "elsewhere", begun: "" }));
    await expect(createRunFolder(path, config)).rejects.toMatchObject({
      message: `"${path}": expected no other process at the run but its run.lock is of process 7 on elsewhere.`,
      hint: "If that process is gone, give the command again with --force.",
    });
    expect(await readdir(path)).toEqual(["run.lock"]);
    await (await createRunFolder(path, config, { force: true })).release();
    expect((await readdir(path)).toSorted()).toEqual(["config.json", "log.txt", "metrics.jsonl"]);
  });

  test("may be made in an empty folder, and never over anything", async () => {
    const path = newPath();
    await mkdir(path);
    const folder = await createRunFolder(path, config);
    await expect(createRunFolder(path, config)).rejects.toThrow(`but process ${process.pid} writes a run to it.`);
    await writeFile(folder.file("last"), "");
    await folder.release();
    await expect(createRunFolder(path, config)).rejects.toMatchObject({
      name: "UserError",
      message: `"${path}": expected a new or empty folder but it holds a run already.`,
      hint: `Choose another --out, or go on with \`ocelli resume ${path}\`.`,
    });
    expect(await readRunConfig(folder.path)).toEqual(config);
    const other = newPath();
    await mkdir(other);
    await writeFile(join(other, "thesis.txt"), "");
    await expect(createRunFolder(other, config)).rejects.toThrow('it holds "thesis.txt"');
    expect(await readdir(other)).toEqual(["thesis.txt"]);
  });

  test.each([
    ["a file", "file", "it, or a part of its path, is a file"],
    ["below a file", "file/below/it", "it, or a part of its path, is a file"],
  ])("cannot be made of %s", async (_, name, reason) => {
    await writeFile(join(parent, "file"), "");
    const path = join(parent, name);
    const message = `"${path}": expected a folder to write the run to but ${reason}.`;
    await expect(createRunFolder(path, config)).rejects.toMatchObject({ name: "UserError", message });
    await expect(checkRunFolder(path)).rejects.toThrow(message);
  });

  test.skipIf(process.platform !== "linux")("cannot be made where there are no folders", async () => {
    await expect(createRunFolder("/proc/ocelli/run", config)).rejects.toThrow("but no folder can be made there");
  });

  test("leaves nothing if it is withdrawn: not the folders made for it, but all else", async () => {
    const path = newPath();
    const folder = await createRunFolder(join(path, "a", "b"), config);
    await folder.withdraw();
    expect(await readdir(parent)).not.toContain(path);
    await mkdir(path);
    const kept = await createRunFolder(join(path, "a"), config);
    await writeFile(join(path, "a", "note.txt"), "");
    await kept.withdraw();
    expect(await readdir(join(path, "a"))).toEqual(["note.txt"]);
    await rm(join(path, "a"), { recursive: true });
    await (await createRunFolder(path, config)).withdraw();
    expect(await readdir(path)).toEqual([]); // it was there before
  });
});

test("the next free folder", async () => {
  const runs = newPath();
  expect(await freeRunFolder(runs, "digits")).toBe(join(runs, "digits-1"));
  for (const name of ["digits-1", "digits-3", "mnist-2"]) await mkdir(join(runs, name), { recursive: true });
  expect(await freeRunFolder(runs, "digits")).toBe(join(runs, "digits-2"));
});

test("a folder without config.json is no run", async () => {
  await expect(readRunConfig(parent)).rejects.toMatchObject({
    name: "UserError",
    message: `"${parent}": expected the folder of a run but it has no config.json.`,
  });
  expect(await isRunFolder(parent)).toBe(false);
});

describe("records", () => {
  /** A run with records of the steps 1 to 6 and whatever `end` adds to the file. */
  async function withRecords(end = ""): Promise<{ path: string; metrics: string }> {
    const folder = await createRunFolder(newPath(), config);
    for (let number = 1; number <= 6; number++) folder.record(step(number));
    await folder.flush();
    await appendFile(folder.file("metrics"), end);
    return { path: folder.path, metrics: folder.file("metrics") };
  }
  const stepsOf = async (path: string): Promise<number[]> => (await readRecords(path)).map((record) => record.step);

  test("and log lines come in the order in which they were added, whoever flushes", async () => {
    const folder = await createRunFolder(newPath(), config);
    const flushes = Array.from({ length: 20 }, (_, index) => {
      folder.record(step(index + 1));
      folder.log(`line ${index + 1}`);
      return folder.flush();
    });
    await Promise.all(flushes);
    expect(await stepsOf(folder.path)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    const lines = (await readFile(folder.file("log"), "utf8")).trim().split("\n");
    expect(lines.map((line) => line.replace(/^\d{4}-\d\d-\d\dT[\d:.]+Z line /, ""))).toEqual(
      Array.from({ length: 20 }, (_, index) => String(index + 1)),
    );
  });

  test("after a step are cut away, and new ones follow", async () => {
    const { path } = await withRecords();
    await rewindRunFolder(path, 4);
    expect(await stepsOf(path)).toEqual([1, 2, 3, 4]);
    const folder = openRunFolder(path);
    folder.record({
      type: "epoch",
      epoch: 1,
      step: 4,
      train: { loss: 1, accuracy: 0 },
      val: { loss: 1, accuracy: 0 },
      seconds: 1,
    });
    await folder.flush();
    await rewindRunFolder(path, 4);
    expect(await stepsOf(path)).toEqual([1, 2, 3, 4, 4]);
    await rewindRunFolder(path, 0);
    expect(await readFile(join(path, "metrics.jsonl"), "utf8")).toBe("");
  });

  test.each([
    ["cut off", '{"type":"step","epoch":1,"st'],
    ["cut off before its end of line", JSON.stringify(step(7))],
    ["full of zeros, as after a power cut", `${"\0".repeat(64)}\n`],
    ["no record", "[]\n"],
  ])("end before a line that is %s, and new ones replace it", async (_, end) => {
    const { path } = await withRecords(end);
    expect(await stepsOf(path)).toEqual([1, 2, 3, 4, 5, 6]);
    await rewindRunFolder(path, 6);
    const folder = openRunFolder(path);
    folder.record(step(7));
    await folder.flush();
    expect(await stepsOf(path)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test("are written without being asked for; that they could not be is told by the next flush", async () => {
    const folder = await createRunFolder(newPath(), config);
    folder.record(step(1));
    await expect.poll(() => readRecords(folder.path)).toEqual([step(1)]);
    const gone = openRunFolder(newPath());
    gone.record(step(1));
    await expect.poll(() => gone.flush().then(String, (error: Error) => error.name)).toBe("UserError");
  });

  test("may be missing altogether", async () => {
    const { path, metrics } = await withRecords();
    await rm(metrics);
    expect(await readRecords(path)).toEqual([]);
    await rewindRunFolder(path, 3);
    expect(await stepsOf(path)).toEqual([]);
  });
});

/** A number that no process has. */
const GONE = 99_999_999;

test("files that a killed process left unfinished are taken away, and no others", async () => {
  const { path } = await createRunFolder(newPath(), config);
  const left = [`.last.pth.${GONE}.tmp`, `.last.pth.${process.pid}.tmp`];
  const kept = [`.note.txt.${process.ppid}.tmp`, ".notes.tmp", "mine.tmp"];
  for (const name of [...left, ...kept]) await writeFile(join(path, name), "");
  await rewindRunFolder(path, 0);
  const names = (await readdir(path)).filter((name) => name.endsWith(".tmp"));
  expect(names.toSorted()).toEqual(kept.toSorted());
});

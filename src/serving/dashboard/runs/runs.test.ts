import { appendFile, mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../../errors.ts";
import { epochRecord, recordLine, writeRunFolder } from "../../../testing/run-folders.ts";
import { StatusError } from "../status-error.ts";
import { createRunReader } from "./entry.ts";
import { findRun, findRunIds, openRunsFolder, type RunsFolder } from "./find.ts";
import { metricsOf, readMetrics, thinned } from "./metrics.ts";

let root: string;
let runs: RunsFolder;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ocelli-runs-"));
  await writeRunFolder(join(root, "runs/plain"));
  await writeRunFolder(join(root, "runs/deep/er/one"));
  await writeRunFolder(join(root, "outside"));
  await mkdir(join(root, "runs/no run"));
  await symlink(join(root, "outside"), join(root, "runs/link"));
  runs = await openRunsFolder(join(root, "runs"));
});
afterAll(() => rm(root, { recursive: true }));

const read = (name: string) => createRunReader().read(join(root, name), name);

describe("finding runs", () => {
  test("in the folder and a few folders below it, not behind links", async () => {
    expect(await findRunIds(runs)).toEqual(["deep/er/one", "plain"]);
    expect(await findRun(runs, "deep/er/one")).toBe(join(root, "runs/deep/er/one"));
  });
  test.each(["../outside", "..", "", "/etc", "plain/../../outside", "a\\b", ".hidden", "C:x", "link", "a/b/c/d"])(
    "%j is refused",
    async (id) => {
      const error = await findRun(runs, id).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(StatusError);
      expect((error as StatusError).status).toBe(403);
    },
  );
  test("what is not there is a 404", async () => {
    await expect(findRun(runs, "gone")).rejects.toMatchObject({ status: 404 });
  });
  test("one run is a folder of that run alone", async () => {
    const one = await openRunsFolder(join(root, "runs/plain"));
    expect(await findRunIds(one)).toEqual(["plain"]);
    await expect(findRun(one, "deep")).rejects.toMatchObject({ status: 403 });
  });
  test("a folder that is not there yet has no runs; below a file there can be none", async () => {
    const empty = await openRunsFolder(join(root, "none/runs"));
    expect(empty).toMatchObject({ isMissing: true });
    expect(await findRunIds(empty)).toEqual([]);
    await expect(findRun(empty, "gone")).rejects.toMatchObject({ status: 404 });
    await expect(openRunsFolder(join(root, "runs/plain/config.json"))).rejects.toThrow("it is a file.");
    await expect(openRunsFolder(join(root, "runs/plain/config.json/runs"))).rejects.toThrow(UserError);
  });
});

describe("a run's entry", () => {
  test("has the best epoch and the curve; a run that was written to a moment ago is training", async () => {
    const { entry } = await read("runs/plain");
    expect(entry).toMatchObject({
      state: "training",
      model: "mnist-cnn",
      data: "digits",
      epochs: 2,
      epochsWanted: 100,
    });
    expect(entry).toMatchObject({ accuracy: 0.7, bestEpoch: 2, curve: [0.4, 0.7], seconds: 4, notes: [] });
    expect(entry.begun).toBe(Date.parse("2026-11-26T03:00:00.000Z"));
  });
  test.each([
    ["stopped", "2026-11-26T03:00:00.000Z Stopped after step 20. Go on with: ocelli resume x\n"],
    ["failed", "2026-11-26T03:00:00.000Z error: the disk is full\n"],
  ] as const)("%s as its log ends", async (state, log) => {
    await writeRunFolder(join(root, state), { log });
    expect((await read(state)).entry.state).toBe(state);
  });
  test.each([
    ["no config.json", "config.json", undefined, /no config\.json/],
    ["half-written settings", "config.json", '{"data": {"val', /config\.json cannot be read/],
    [
      "settings of a newer version",
      "config.json",
      '{"hyperdrive":{"value":1,"from":"flag"}}',
      /does not know: hyperdrive/,
    ],
    [
      "a broken line",
      "metrics.jsonl",
      `${recordLine(epochRecord(1))}{"type":"ep\n${recordLine(epochRecord(2))}`,
      /Line 2 of metrics/,
    ],
    ["a half-written summary", "summary.json", '{"run": "x", ', /summary\.json cannot be read/],
  ])("%s: a note, and what else is there", async (name, file, text, message) => {
    const folder = join(root, name);
    await writeRunFolder(folder);
    if (text === undefined) await rm(join(folder, file));
    else await writeFile(join(folder, file), text);
    const { entry } = await read(name);
    expect(entry.notes.map((note) => note.message).join(" ")).toMatch(message);
    expect(entry.notes.every(({ hint }) => hint !== "")).toBe(true);
    expect(entry.epochs).toBe(2);
  });
  test("is read again only when a file changes", async () => {
    const reader = createRunReader();
    const folder = join(root, "runs/plain");
    const first = await reader.read(folder, "plain");
    expect(await reader.read(folder, "plain")).toBe(first);
    await appendFile(join(folder, "metrics.jsonl"), recordLine(epochRecord(3)));
    expect((await reader.read(folder, "plain")).entry.epochs).toBe(3);
  });
});

describe("records", () => {
  test("are read from a place on; a line that is being written waits, a file that was cut is told", async () => {
    const folder = join(root, "growing");
    await writeRunFolder(folder);
    const file = join(folder, "metrics.jsonl");
    const { end, records } = await readMetrics(folder);
    expect(records).toHaveLength(2);
    const line = recordLine(epochRecord(3));
    await appendFile(file, line.slice(0, 10));
    expect(await readMetrics(folder, end)).toEqual({ records: [], end, wasCut: false });
    await appendFile(file, line.slice(10));
    expect(await readMetrics(folder, end)).toEqual({
      records: [epochRecord(3)],
      end: end + line.length,
      wasCut: false,
    });
    await truncate(file, 5);
    expect(await readMetrics(folder, end)).toEqual({ records: [], end: 0, wasCut: true });
  });
  test("of steps are thinned, the last one kept", () => {
    expect(thinned([0, 1, 2, 3, 4, 5, 6], 4)).toEqual([0, 3, 6]);
    const steps = Array.from(
      { length: 5000 },
      (_, step) => ({ type: "step", epoch: 1, step, loss: 1, lr: 1 }) as const,
    );
    const { steps: kept } = metricsOf({ records: steps, end: 0 });
    expect(kept.length).toBeLessThanOrEqual(1500);
    expect(kept.at(-1)).toEqual([4999, 1, 1]);
  });
});

import { mkdir, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { json, type TestDashboard, testDashboard } from "../../../testing/dashboard.ts";
import { writeRunFolder } from "../../../testing/run-folders.ts";
import { listRuns, PROGRESS_FILE } from "../../../training/index.ts";
import type { Bin, DeletedRun, RunDetail, RunList } from "../api.ts";
import { openRunsFolder } from "../runs/find.ts";
import { deleteRun, listBin, purgeBin, removeForGood, restoreRun } from "./bin.ts";

let dashboard: TestDashboard;
let runs: string;
beforeAll(async () => {
  dashboard = await testDashboard();
  runs = join(dashboard.root, "runs");
});
afterAll(() => dashboard.close());

const { parse } = JSON;
const send = (method: string, path: string, body: unknown = {}) => dashboard.send(method, `/api/${path}`, body);
const errorOf = async (response: Response): Promise<{ status: number; message: string; hint: string }> => ({
  status: response.status,
  ...(await json<{ error: { message: string; hint: string } }>(response)).error,
});
const ids = async (): Promise<string[]> =>
  (await json<RunList>(dashboard.get("/api/runs"))).runs.map(({ id }) => id).sort();
const old = "2026-11-26T03:00:00.000Z Stopped after step 20. Go on with: ocelli resume x\n";

/** The progress of a process that is at work: this one. */
const progress = () =>
  JSON.stringify({
    ...{ pid: process.pid, host: hostname(), written: Date.now(), doing: null, isTrained: false, epochSeconds: 4.5 },
    ...{ epoch: 3, epochs: 100, step: 25, batch: 5, stepsPerEpoch: 10, imagesPerSecond: 50, secondsLeft: 60 },
    train: { loss: 0.25, accuracy: 0.9 },
  });

describe("a new name", () => {
  test("is the folder's, beside where it was; its summary follows", async () => {
    await writeRunFolder(join(runs, "group/one"), { log: old });
    await writeFile(join(runs, "group/one/summary.json"), '{"run":"../runs/group/one","steps":1}');
    expect(await json(send("POST", "runs/group%2Fone/rename", { name: " two words " }))).toEqual({
      id: "group/two words",
    });
    expect(await ids()).toContain("group/two words");
    const summary = parse(await readFile(join(runs, "group/two words/summary.json"), "utf8"));
    expect(summary).toEqual({ run: "../runs/group/two words", steps: 1 });
    expect((await dashboard.get("/api/runs/group%2Fone")).status).toBe(404);
  });
  test.each(["", "  ", "..", ".hidden", "a/b", "a\\b", "/etc", "C:x", "a\u0000b", "a\nb", "x".repeat(101)])(
    "%j is refused in two lines and moves nothing",
    async (name) => {
      const before = await ids();
      const error = await errorOf(await send("POST", "runs/plain/rename", { name }));
      expect(error).toMatchObject({
        status: 400,
        message: expect.stringMatching(/^name ".*": expected the name of a folder but /),
      });
      expect(error.hint).toMatch(/^Give 1 to 100 letters/);
      expect(await ids()).toEqual(before);
    },
  );
  test("that is taken is refused", async () => {
    await writeRunFolder(join(runs, "first"), { log: old });
    expect(await errorOf(await send("POST", "runs/first/rename", { name: "photos" }))).toMatchObject({ status: 409 });
    expect(await ids()).toContain("first");
  });
});

describe("a note", () => {
  test("is kept in the run's folder, and told in its entry and in the list of the terminal; an empty one is none", async () => {
    await send("PUT", "runs/plain/note", { note: "  half the rate\nof the other " });
    expect(await readFile(join(runs, "plain/note.txt"), "utf8")).toBe("half the rate\nof the other\n");
    expect((await json<RunDetail>(dashboard.get("/api/runs/plain"))).note).toBe("half the rate\nof the other");
    expect((await listRuns(runs)).find(({ run }) => run === "plain")?.note).toBe("half the rate\nof the other");
    await send("PUT", "runs/plain/note", { note: " " });
    expect(await readdir(join(runs, "plain"))).not.toContain("note.txt");
    expect(await errorOf(await send("PUT", "runs/plain/note", { note: "x".repeat(10_001) }))).toMatchObject({
      status: 400,
    });
  });
});

describe("a deleted run", () => {
  test("is in the bin, not in the list, and comes back with all it had", async () => {
    await writeRunFolder(join(runs, "deep/er/gone"), { log: old });
    const files = (await readdir(join(runs, "deep/er/gone"))).sort();
    const deleted = await json<DeletedRun>(send("DELETE", "runs/deep%2Fer%2Fgone"));
    expect(deleted.id).toBe("deep/er/gone");
    expect(await ids()).not.toContain("deep/er/gone");
    expect((await listRuns(runs)).map(({ run }) => run)).not.toContain("deep/er/gone");
    const bin = await json<Bin>(dashboard.get("/api/bin"));
    expect(bin).toEqual({ folder: join(runs, ".trash"), days: 30, runs: [deleted] });
    expect(await json(send("POST", `bin/${deleted.entry}/restore`))).toEqual({ id: "deep/er/gone" });
    expect((await readdir(join(runs, "deep/er/gone"))).sort()).toEqual(files);
    expect(await readdir(join(runs, ".trash"))).toEqual([]);
  });
  test("whose name is taken since stays in the bin; it can be removed for good", async () => {
    await writeRunFolder(join(runs, "twice"), { log: old });
    const { entry } = await json<DeletedRun>(send("DELETE", "runs/twice"));
    await writeRunFolder(join(runs, "twice"), { log: old });
    expect(await errorOf(await send("POST", `bin/${entry}/restore`))).toMatchObject({ status: 409 });
    expect((await json<Bin>(dashboard.get("/api/bin"))).runs.map(({ id }) => id)).toEqual(["twice"]);
    expect((await send("DELETE", `bin/${entry}`)).status).toBe(200);
    expect((await json<Bin>(dashboard.get("/api/bin"))).runs).toEqual([]);
    expect(await ids()).toContain("twice");
  });
  test("is removed after 30 days and no sooner; what is no deleted run is left alone", async () => {
    const folder = await openRunsFolder(runs);
    const [young, aged] = ["2026-11-02T00-00-00-000Z", "2026-11-01T00-00-00-000Z"];
    for (const entry of [young, aged]) await writeRunFolder(join(runs, ".trash", entry, "x"));
    await mkdir(join(runs, ".trash/mine"), { recursive: true });
    await purgeBin(folder, Date.parse("2026-12-01T12:00:00Z"));
    expect((await readdir(join(runs, ".trash"))).sort()).toEqual([young, "mine"]);
    expect((await listBin(folder)).runs).toEqual([{ entry: young, id: "x", deleted: Date.parse("2026-11-02") }]);
  });
  test("is neither moved, listed nor removed where the bin, or a folder of it, is a link that leads out", async () => {
    const [other, elsewhere] = [join(dashboard.root, "linked-runs"), join(dashboard.root, "elsewhere")];
    const aged = "2026-01-01T00-00-00-000Z";
    await writeRunFolder(join(other, "stays"));
    await writeRunFolder(join(elsewhere, aged, "x"));
    await symlink(elsewhere, join(other, ".trash"));
    const folder = await openRunsFolder(other);
    const untouched = async () => expect((await readdir(elsewhere, { recursive: true })).sort()).toEqual(before);
    const before = (await readdir(elsewhere, { recursive: true })).sort();
    await purgeBin(folder);
    await untouched();
    expect((await listBin(folder)).runs).toEqual([]);
    const message = `"${join(other, ".trash")}": expected a folder in the runs folder but it is a link that leads out.`;
    await expect(deleteRun(folder, "stays")).rejects.toThrow(message);
    await expect(restoreRun(folder, aged)).rejects.toThrow("there is no such deleted run");
    await expect(removeForGood(folder, aged)).rejects.toThrow("there is no such deleted run");
    expect(await readdir(other)).toEqual([".trash", "stays"]);
    await rm(join(other, ".trash"));
    await mkdir(join(other, ".trash"));
    await symlink(join(elsewhere, aged), join(other, ".trash", aged));
    expect((await listBin(folder)).runs).toEqual([]);
    await expect(restoreRun(folder, aged)).rejects.toThrow("there is no such deleted run");
    await writeRunFolder(join(other, ".trash", "2026-11-02T00-00-00-000Z", "group", "y"));
    await symlink(elsewhere, join(other, "group"));
    await expect(restoreRun(folder, "2026-11-02T00-00-00-000Z")).rejects.toThrow("a link that leads out");
    await untouched();
  });
  test.each(["..", "%2e%2e%2f%2e%2e", "2026-11-02T00-00-00-000Z%2f..%2f..%2fplain", "none"])(
    "there is none called %s",
    async (entry) => {
      for (const [method, path] of [
        ["POST", `bin/${entry}/restore`],
        ["DELETE", `bin/${entry}`],
      ] as const)
        expect((await send(method, path)).status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
      expect(await ids()).toContain("plain");
    },
  );
});

describe("a run in training", () => {
  test("tells how far it is, and is neither renamed, deleted nor resumed, wherever it was started", async () => {
    await writeRunFolder(join(runs, "busy"), { log: old });
    await writeFile(join(runs, "busy", PROGRESS_FILE), progress());
    expect(await json(dashboard.get("/api/runs/busy"))).toMatchObject({
      ...{ state: "training", epochs: 2, seconds: 4 + 4.5 },
      progress: { epoch: 3, batch: 5, step: 25, secondsLeft: 60, train: { loss: 0.25, accuracy: 0.9 } },
    });
    for (const [method, path] of [
      ["DELETE", "runs/busy"],
      ["POST", "runs/busy/rename"],
      ["POST", "runs/busy/resume"],
    ] as const)
      expect(await errorOf(await send(method, path, method === "POST" ? { name: "other" } : {})), path).toMatchObject({
        ...{ status: 409, message: 'run "busy": expected a run at rest but it is in training.' },
      });
    expect(await ids()).toContain("busy");
  });
  test("whose process is gone was killed, and can be deleted", async () => {
    await writeRunFolder(join(runs, "dead"), { log: old });
    const dead = { ...parse(progress()), pid: 2 ** 22 + 1 };
    await writeFile(join(runs, "dead", PROGRESS_FILE), JSON.stringify(dead));
    expect(await json(dashboard.get("/api/runs/dead"))).toMatchObject({ state: "killed", progress: null, seconds: 4 });
    expect((await send("DELETE", "runs/dead")).status).toBe(200);
  });
});

test("how a run is gone on with is checked before anything is started", async () => {
  for (const [body, message] of [
    [{ epochs: 2.5 }, /^--epochs: expected a whole number/],
    [{ lr: 0 }, /^--lr: expected a number above 0/],
    [{ from: "first" }, /^request: expected other values/],
  ] as const)
    expect(await errorOf(await send("POST", "runs/plain/resume", body))).toMatchObject({
      ...{ status: 400, message: expect.stringMatching(message) },
    });
});

test("an export is refused where the format is none, and its files are given by their names alone", async () => {
  expect((await send("POST", "runs/plain/exports", { to: "tflite", precision: "fp32" })).status).toBe(400);
  await mkdir(join(runs, "plain/exports"));
  await writeFile(join(runs, "plain/exports/a b.onnx"), "model");
  const { company } = await json<RunDetail>(dashboard.get("/api/runs/plain"));
  expect(company.exports.files).toEqual([
    { name: "a b.onnx", path: join(runs, "plain/exports/a b.onnx"), isFolder: false, bytes: 5 },
  ]);
  const response = await dashboard.get("/api/runs/plain/exports/a%20b.onnx");
  expect(await response.text()).toBe("model");
  expect(response.headers.get("content-disposition")).toBe("attachment; filename*=UTF-8''a%20b.onnx");
  for (const name of ["..%2fconfig.json", ".hidden", "%2fetc%2fpasswd"])
    expect((await dashboard.get(`/api/runs/plain/exports/${name}`)).status, name).toBe(403);
});

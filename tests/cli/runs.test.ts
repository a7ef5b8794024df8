/** `ocelli runs` through the real command line: lists, comparisons, figures; also of folders that are damaged. */
import { appendFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunComparison, RunLine } from "../../src/training/index.ts";
import { writeBandFolder } from "../bands.ts";
import { emptyFolder, failingIn, ocelli, ocelliJson } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

beforeAll(() => {
  writeBandFolder(join(cwd, "bands"));
  const args = ["train", "bands", "--batch-size", "8", "--engine", "onnx"];
  ocelliJson(cwd, [...args, "--out", "runs/first", "--lr", "0.01", "--epochs", "2"]);
  ocelliJson(cwd, [...args, "--out", "runs/deep/second", "--lr", "0.00001", "--epochs", "1"]);
});

const listed = (...args: string[]): RunLine[] => ocelliJson<{ runs: RunLine[] }>(cwd, ["runs", ...args]).runs;

describe("a list", () => {
  test("has each run below the folder, the newest first, or sorted", () => {
    const runs = listed();
    expect(runs.map(({ run }) => run)).toEqual([join("deep", "second"), "first"]);
    expect(runs[1]).toMatchObject({ state: "finished", model: "mnist-cnn", data: "bands", epochs: 2, epochsAsked: 2 });
    expect(runs[1]).toMatchObject({
      problems: [],
      best: { accuracy: expect.any(Number) },
      seconds: expect.any(Number),
    });
    expect(listed("--sort", "accuracy").map(({ run }) => run)).toEqual(["first", join("deep", "second")]);
    expect(listed("--sort", "loss").map(({ run }) => run)).toEqual(["first", join("deep", "second")]);
    expect(listed("runs", "--sort", "name").map(({ run }) => run)).toEqual([join("deep", "second"), "first"]);
  });

  test("is a table for people", () => {
    const { stdout, status } = ocelli(cwd, ["runs"]);
    const [head, ...rows] = stdout.trim().split("\n");
    expect(head).toMatch(/^run +state +model +data +epochs +accuracy +loss +best in +time +begun \(UTC\)$/);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatch(/^first +finished +mnist-cnn +bands +2\/2 +\d+\.\d\d% +\d\.\d{4} +[12] +\S+ s +20\d\d-/);
    expect(status).toBe(0);
  });

  test("of no runs says how to get one; a folder that is not there is an error", () => {
    mkdirSync(join(cwd, "none"));
    expect(ocelli(cwd, ["runs", "none"]).stdout).toBe("No runs in none. Train one with: ocelli train digits\n");
    expect(failingIn(cwd, ["runs", "gone"], 1).error).toContain("there is no such folder");
    expect(failingIn(cwd, ["runs", "--sort", "colour"], 2).error).toContain("Allowed choices are began, name");
  });
});

test("a comparison has the settings that differ, and all results", () => {
  const paths = [join("runs", "first"), join("runs", "deep", "second")];
  const compared = ocelliJson<RunComparison>(cwd, ["runs", "compare", ...paths]);
  expect(compared.runs).toEqual(paths);
  expect(compared.settings).toEqual({ epochs: [2, 1], learningRate: [0.01, 0.00001] });
  expect(compared.results).toMatchObject({ epochs: [2, 1], state: ["finished", "finished"] });
  const { stdout } = ocelli(cwd, ["runs", "compare", ...paths]);
  expect(stdout).toMatch(/^learningRate +0\.01 +0\.00001$/m);
  expect(stdout).toMatch(/^bestAccuracy +\d+\.\d\d% +\d+\.\d\d%$/m);
  expect(ocelli(cwd, ["runs", "compare", paths[0] ?? "", paths[0] ?? ""]).stdout).toContain(
    "All settings are the same.",
  );
  expect(failingIn(cwd, ["runs", "compare", paths[0] ?? ""], 1).error).toContain("two runs or more");
  expect(failingIn(cwd, ["runs", "compare", paths[0] ?? "", "none"], 1).error).toContain("none of a run's files");
});

test("figures as a table, and as CSV with a line for each record", () => {
  const { stdout } = ocelli(cwd, ["runs", "metrics", "runs/first", "--csv"]);
  const [head, ...lines] = stdout.trim().split("\n");
  expect(head).toBe("type,epoch,step,loss,lr,train_loss,train_accuracy,val_loss,val_accuracy,seconds,data_wait_share");
  const records = readFileSync(join(cwd, "runs/first/metrics.jsonl"), "utf8").trim().split("\n");
  expect(lines).toHaveLength(records.length);
  const { step, loss, lr } = JSON.parse(records[0] ?? "");
  expect(lines[0]).toBe(`step,1,${step},${loss},${lr},,,,,,`);
  const { train, val, seconds, dataWaitShare } = JSON.parse(records.at(-1) ?? "");
  expect(lines.at(-1)).toBe(
    `epoch,2,${records.length - 2},,,${train.loss},${train.accuracy},${val.loss},${val.accuracy},${seconds},${dataWaitShare ?? ""}`,
  );
  const forPeople = ocelli(cwd, ["runs", "metrics", "runs/first"]).stdout.trim().split("\n");
  expect(forPeople).toHaveLength(3);
  expect(ocelliJson<{ records: unknown[] }>(cwd, ["runs", "metrics", "runs/first"]).records).toHaveLength(lines.length);
  expect(failingIn(cwd, ["runs", "metrics", "runs/first", "--csv", "--json"], 1).error).toContain("got both");
});

describe("damaged runs are told, and the rest is shown", () => {
  const damaged = (name: string, damage: (folder: string) => void): RunLine => {
    const folder = join(cwd, "damaged", name);
    cpSync(join(cwd, "runs/first"), folder, { recursive: true });
    damage(folder);
    const line = listed("damaged").find(({ run }) => run === name);
    if (!line) throw new Error(`${name} is not listed`);
    return line;
  };

  test("a broken line in metrics.jsonl", () => {
    const { problems, best, state } = damaged("broken", (folder) => {
      const file = join(folder, "metrics.jsonl");
      writeFileSync(file, readFileSync(file, "utf8").replace('"type":"epoch"', '"type":"epo'));
    });
    expect(problems).toEqual([
      expect.stringMatching(/^Line \d+ of metrics\.jsonl cannot be read and is passed over\.$/),
    ]);
    expect({ best, state }).toMatchObject({ best: { epoch: 2 }, state: "finished" });
  });

  test("a line that is being written is no problem; the run goes on", () => {
    const line = damaged("going-on", (folder) => {
      const last = '{"type":"step","epoch":3,"step":9999,"loss":0.5,"lr":0.1}';
      appendFileSync(join(folder, "metrics.jsonl"), `${last}\n{"type":"st`);
    });
    expect(line).toMatchObject({ problems: [], state: "unfinished", steps: 9999 });
  });

  test("a newer version's settings and records", () => {
    const { problems, model } = damaged("newer", (folder) => {
      const config = JSON.parse(readFileSync(join(folder, "config.json"), "utf8"));
      writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, warp: { value: 1, from: "flag" } }));
      appendFileSync(join(folder, "metrics.jsonl"), '{"type":"lunar","step":1}\n');
    });
    expect(problems).toEqual([
      "config.json has settings that this version of ocelli does not know: warp. A newer version made it.",
      'metrics.jsonl has records of the type "lunar", which this version of ocelli does not know.',
    ]);
    expect(model).toBe("mnist-cnn");
  });

  test("half-written: no settings, or half of them, and no summary", () => {
    const gone = damaged("no-settings", (folder) => rmSync(join(folder, "config.json")));
    expect(gone.problems).toEqual(["There is no config.json: the run was hardly begun, or files are missing."]);
    expect(gone).toMatchObject({ model: "mnist-cnn", best: { epoch: expect.any(Number) } });
    const half = damaged("half", (folder) => {
      writeFileSync(join(folder, "config.json"), '{"data":');
      rmSync(join(folder, "summary.json"));
    });
    expect(half.problems).toEqual(["config.json cannot be read: it is no JSON object, perhaps only half-written."]);
    expect(half).toMatchObject({ model: null, state: "unfinished" });
    const { stdout, stderr, status } = ocelli(cwd, ["runs", "damaged"]);
    expect(stdout.trim().split("\n")).toHaveLength(6);
    expect(stderr).toContain("half: config.json cannot be read");
    expect(status).toBe(0);
  });
});

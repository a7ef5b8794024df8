/** Run folders of other people, of two processes at once, and of runs that were killed, through the real command line. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeBandFolder } from "../bands.ts";
import { openDashboard } from "./dashboard.ts";
import { emptyFolder, failingIn, MAIN, ocelli } from "./ocelli.ts";

const cwd = emptyFolder();
const SMALL = ["--batch-size", "8", "--lr", "0.01", "--engine", "onnx"];
beforeAll(() => {
  writeBandFolder(join(cwd, "bands"));
  const { status, stderr } = ocelli(cwd, ["train", "bands", "--out", "runs/1", ...SMALL]);
  expect(status, stderr).toBe(0);
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const inRun = (name: string): string => join(cwd, "runs/1", name);

/** Has a link instead of a file of the run while `use` runs. */
async function linked(name: string, goal: string, use: () => unknown): Promise<void> {
  const isThere = existsSync(inRun(name));
  if (isThere) renameSync(inRun(name), join(cwd, "aside"));
  symlinkSync(goal, inRun(name));
  try {
    await use();
  } finally {
    rmSync(inRun(name));
    if (isThere) renameSync(join(cwd, "aside"), inRun(name));
  }
}

test.each(["metrics.jsonl", "log.txt", "best.pth", "report.html"])(
  "a run whose %s is a link is refused by every command, and the file that it names is as before",
  async (name) => {
    const diary = join(cwd, "diary");
    writeFileSync(diary, "dear diary\n");
    await linked(name, diary, () => {
      const others = [
        ["eval", "runs/1", "bands"],
        ["predict", "runs/1", "bands"],
        ["report", "runs/1"],
        ["export", "runs/1", "--to", "safetensors", "--out", "x.safetensors"],
      ];
      for (const args of [["resume", "runs/1", "--epochs", "2"], ...(name === "metrics.jsonl" ? others : [])]) {
        const { error } = failingIn(cwd, args, 1);
        expect(error, args[0]).toBe(`"runs/1/${name}": expected a file of the folder itself but it is a link.`);
      }
    });
    expect(readFileSync(diary, "utf8")).toBe("dear diary\n");
  },
  120_000,
);

test("the dashboard serves nothing through links in a run", async () => {
  writeFileSync(join(cwd, "secret"), "secret");
  const dashboard = await openDashboard(cwd, ["--port", "0"]);
  for (const name of ["curves.png", "log.txt", "metrics.jsonl", "exports"])
    await linked(name, join(cwd, name === "exports" ? "bands" : "secret"), async () => {
      const paths = ["log", `files/${name}`, "events", "exports/t10k-images-idx3-ubyte.gz", ""];
      for (const path of paths) {
        const answer = await dashboard.get(`/api/runs/1/${path}`.replace(/\/$/, ""));
        const text = path === "events" && answer.status === 200 ? "" : await answer.text();
        expect([answer.status, text], `${name}: ${path}`).toEqual([403, expect.stringContaining("but it is a link")]);
      }
      const list = await (await dashboard.get("/api/runs")).text();
      expect(list).not.toContain('secret"');
    });
  expect((await dashboard.get("/api/runs/1/log")).status).toBe(200);
  expect(await dashboard.close()).toBe(0);
});

/** Starts `ocelli ARGS` and waits until it tells something like `sign`. */
async function started(args: readonly string[], sign: RegExp) {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    told += text;
  });
  while (!sign.test(told))
    await Promise.race([once(child.stderr, "data"), ended.then(() => Promise.reject(new Error(told)))]);
  return { child, ended };
}

test("a run that one process writes to is refused to another; when it was killed, the next one takes it", async () => {
  const long = ["resume", "runs/1", "--epochs", "5000"];
  const first = await started(long, /epoch 2/);
  const busy = /^"runs\/1": expected no other process at the run but process \d+ writes to it\.$/;
  const second = ocelli(cwd, long);
  expect([second.status, second.stderr.match(/^error: (.*)$/m)?.[1]]).toEqual([1, expect.stringMatching(busy)]);
  expect(ocelli(cwd, ["train", "bands", "--out", "runs/1"]).status).toBe(1);
  first.child.kill("SIGKILL");
  await first.ended;
  expect(existsSync(inRun("run.lock"))).toBe(true);
  const next = await started(long, /epoch \d+/);
  next.child.kill("SIGINT");
  expect(await next.ended).toEqual([130, null]);
  expect(existsSync(inRun("run.lock"))).toBe(false);
  writeFileSync(inRun("run.lock"), JSON.stringify({ pid: 7, host: "elsewhere", begun: "" }));
  const { error, hint } = failingIn(cwd, long, 1);
  expect(error).toMatch(/but its run\.lock is of process 7 on elsewhere\.$/);
  expect(hint).toBe("If that process is gone, take the run with: ocelli resume runs/1 --force");
  const forced = await started([...long, "--force"], /epoch \d+/);
  forced.child.kill("SIGINT");
  expect(await forced.ended).toEqual([130, null]);
});

test("a folder that a run was killed in before it began is explained, and taken as a new one", () => {
  mkdirSync(join(cwd, "runs/killed"));
  writeFileSync(join(cwd, "runs/killed/.config.json.99999999.tmp"), '{"model"');
  const { error, hint } = failingIn(cwd, ["resume", "runs/killed"], 1);
  expect(error).toBe(
    '"runs/killed": expected the folder of a run that has begun but it was ended before its first checkpoint.',
  );
  expect(hint).toBe("Train again, with --out runs/killed if you like: it is taken as a new folder.");
  const { status, stderr } = ocelli(cwd, ["train", "bands", "--out", "runs/killed", ...SMALL]);
  expect(status, stderr).toBe(0);
  expect(existsSync(join(cwd, "runs/killed/.config.json.99999999.tmp"))).toBe(false);
});

test("such a folder, held by another machine, is trained into by force", () => {
  mkdirSync(join(cwd, "runs/held"));
  writeFileSync(join(cwd, "runs/held/run.lock"), JSON.stringify({ pid: 7, host: "elsewhere", begun: "" }));
  const args = ["train", "bands", "--out", "runs/held", ...SMALL];
  const { error, hint } = failingIn(cwd, args, 1, (given) => {
    const finished = ocelli(cwd, given);
    return { ...finished, stderr: finished.stderr.slice(finished.stderr.indexOf("error: ")) };
  });
  expect(error).toMatch(/but its run\.lock is of process 7 on elsewhere\.$/);
  expect(hint).toBe("If that process is gone, give the command again with --force.");
  const { status, stderr } = ocelli(cwd, [...args, "--force"]);
  expect(status, stderr).toBe(0);
  expect(existsSync(join(cwd, "runs/held/run.lock"))).toBe(false);
});

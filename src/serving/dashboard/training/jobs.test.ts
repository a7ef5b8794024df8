import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openRunsFolder } from "../runs/find.ts";
import { createJobs, type Jobs } from "./jobs.ts";

let root: string;
let jobs: Jobs;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ocelli-jobs-"));
  const wait = (): string[] => ["-e", "process.on('SIGINT', () => process.exit(130)); setInterval(() => {}, 1000)"];
  const fail = (): string[] => ["-e", "console.error('error: no.\\nhint: yes.'); process.exit(1)"];
  jobs = createJobs(await openRunsFolder(root), { train: wait, resume: fail, export: fail });
});
afterAll(async () => {
  await jobs.close();
  await rm(root, { recursive: true });
});

test("one is trained at a time: the next waits, and begins when the one before has ended", async () => {
  const first = await jobs.train({ data: "digits" }, "m");
  const second = await jobs.train({ data: "digits" }, "m");
  const third = await jobs.train({ data: "digits" }, "m");
  expect([first, second, third].map((id) => jobs.of(id)?.state)).toEqual(["running", "waiting", "waiting"]);
  expect(() => jobs.resume(second, {})).toThrow(/is being trained already/);
  jobs.stop(second);
  expect(jobs.of(second)).toBeNull();
  jobs.stop(first);
  await expect.poll(() => jobs.of(first)?.state).toBe("ended");
  expect(jobs.of(third)?.state).toBe("running");
  jobs.resume(first, {});
  expect(jobs.of(first)?.state).toBe("waiting");
  jobs.stop(third);
  await expect
    .poll(() => jobs.of(first))
    .toMatchObject({
      ...{ kind: "resume", state: "ended", code: 1, lines: ["error: no.", "hint: yes."] },
    });
  expect(() => jobs.stop(first)).toThrow(/expected a run that was started here/);
});

test("a run that is renamed keeps its process's words; of one that is gone nothing is known", () => {
  const [id = ""] = jobs.ids();
  jobs.moved(id, "other");
  expect([jobs.of(id), jobs.of("other")?.state]).toEqual([null, "ended"]);
  jobs.moved("other", null);
  expect(jobs.of("other")).toBeNull();
});

/** Threads for a server, with a module that does as it is told. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, afterEach, expect, test } from "vitest";
import { emptyFolder } from "../../../tests/cli/ocelli.ts";
import { openWorkers } from "./threads.ts";
import type { SeeingModel, Workers } from "./work.ts";

const folder = emptyFolder();
const script = join(folder, "thread.js");
// answers with the bytes and the thread's number, or works for ever, ends, throws, or fills its memory
writeFileSync(
  script,
  `const { parentPort, threadId } = require("node:worker_threads");
parentPort.on("message", ({ picture: { bytes }, model: { name } }) => {
  if (name === "loop") for (;;);
  if (name === "end") process.exit();
  if (name === "throw") throw new Error("broken");
  if (name === "fill") { const all = []; for (;;) all.push(new Array(1e6).fill({})); }
  if (name === "refuse") return parentPort.postMessage({ refusal: { status: 413, message: "m.", hint: "h." } });
  parentPort.postMessage({ result: Uint8Array.of(...bytes, threadId) });
});`,
);
writeFileSync(join(folder, "package.json"), '{"type":"commonjs"}');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let workers: Workers;
const open = (count: number): void => {
  workers = openWorkers(count, pathToFileURL(script));
};
afterEach(() => workers.close());

const ask = (name: string, value = 0, signal = new AbortController().signal): Promise<Uint8Array> =>
  workers.pixels({ bytes: Uint8Array.of(value) }, { name } as SeeingModel, signal);

test("work is done by as many threads as there are, in its order", async () => {
  open(1);
  const done: number[] = [];
  const all = await Promise.all(
    [5, 6, 7].map(async (value) => {
      const result = await ask("echo", value);
      done.push(value);
      return result;
    }),
  );
  expect(done).toEqual([5, 6, 7]);
  expect(new Set(all.map(([, thread]) => thread)).size).toBe(1);
});

test("work that is given up is ended, also one that never would, and others go on", async () => {
  open(1);
  const controller = new AbortController();
  const [endless, waiting] = [ask("loop", 0, controller.signal), ask("echo", 3)];
  const given = ask("echo", 4, controller.signal);
  controller.abort(new Error("too late"));
  await expect(endless).rejects.toThrow("too late");
  await expect(given).rejects.toThrow("too late");
  expect((await waiting)[0]).toBe(3);
});

test("a thread that ends, throws or fills its memory fails its own work alone", async () => {
  open(1);
  await expect(ask("end")).rejects.toThrow("a thread of the server ended");
  await expect(ask("throw")).rejects.toThrow("broken");
  await expect(ask("fill")).rejects.toMatchObject({ status: 413, message: expect.stringContaining("512 MB") });
  await expect(ask("refuse")).rejects.toMatchObject({ status: 413, message: "m.", hint: "h." });
  expect((await ask("echo", 9))[0]).toBe(9);
});

test("what is under way and what waits fails when the server ends", async () => {
  open(1);
  const [endless, waiting] = [ask("loop"), ask("echo")];
  const both = Promise.allSettled([endless, waiting]);
  await workers.close();
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

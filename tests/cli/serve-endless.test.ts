/** `ocelli serve` with a model whose runs never end: how much waits, what is said, and how it stops. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder } from "./ocelli.ts";
import { endlessModel, halvesModel } from "./onnx-models.ts";
import { startCommand } from "./server.ts";

const cwd = emptyFolder();
beforeAll(() => {
  writeFileSync(join(cwd, "endless.onnx"), endlessModel());
  writeFileSync(join(cwd, "halves.onnx"), halvesModel());
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const question = (content: object) => ({
  ...{ method: "POST", body: JSON.stringify(content), headers: { "content-type": "application/json" } },
});

test("more requests than the queue holds are told when to try again", async () => {
  const limits = ["--max-queue", "2", "--max-client", "99", "--timeout", "3600"];
  const own = await startCommand(cwd, ["serve", "endless.onnx", "--port", "0", ...limits]);
  const path = `${own.url}/v2/models/endless/infer`;
  const ask = () => fetch(path, question({ inputs: [{ name: "x", datatype: "FP32", shape: [], data: [0] }] }));
  const lost = Array.from({ length: 20 }, () => ask().catch(() => undefined)); // two a lane are at work, of at most four
  const refused = await Promise.race(lost);
  expect(refused?.status).toBe(429);
  expect(refused?.headers.get("retry-after")).toBe("1");
  await own.stop("SIGKILL");
  await Promise.all(lost);
});

test("a model that never ends: not ready, given up at the stop in two lines, exit code 1", async () => {
  const own = await startCommand(cwd, ["serve", "endless.onnx", "halves.onnx", "--port", "0", "--timeout", "1"]);
  const statusOf = async (path: string, init?: RequestInit) => (await fetch(own.url + path, init)).status;
  const inputs = [{ name: "x", datatype: "FP32", shape: [], data: [0] }];
  expect(await statusOf("/v2/health/ready")).toBe(200);
  expect(await statusOf("/v2/models/endless/infer", question({ inputs }))).toBe(504);
  await expect.poll(() => statusOf("/v2/health/ready")).toBe(503); // its run began a little after its request
  expect(await statusOf("/v2/models/endless/ready")).toBe(503);
  expect(await statusOf("/v2/models/halves/ready")).toBe(200);
  expect(await own.stop()).toBe(1);
  expect(own.notes()).toMatch(/error: "endless": expected its runs to end within 1 s [^\n]+\nhint: [^\n]+\n$/);
});

test("a second signal ends a server at once, whatever its models are at: exit code 130", async () => {
  const own = await startCommand(cwd, ["serve", "endless.onnx", "--port", "0", "--timeout", "3600"]);
  const inputs = [{ name: "x", datatype: "FP32", shape: [], data: [0] }];
  const lost = expect(fetch(`${own.url}/v2/models/endless/infer`, question({ inputs }))).rejects.toThrow();
  await expect.poll(async () => (await fetch(`${own.url}/metrics`)).text()).toContain("ocelli_");
  own.child.kill("SIGTERM");
  await own.noted(/Stopping when/);
  expect(await own.stop()).toBe(130);
  await lost;
});

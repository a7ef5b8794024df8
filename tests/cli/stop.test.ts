/** Whoever asks twice leaves at once, also while native code is at work that never returns. */
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { emptyFolder, MAIN } from "./ocelli.ts";
import { endlessModel } from "./onnx-models.ts";

const cwd = emptyFolder();
beforeAll(() => writeFileSync(join(cwd, "endless.onnx"), endlessModel()));
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const built = (file: string): string => JSON.stringify(pathToFileURL(join(MAIN, "../..", file)).href);

/** Runs a script of ours in a process of its own, in which the run of a model has begun that never ends. */
function whileComputing(script: string) {
  const code = `
    import { openModelFile } from ${built("engines/onnx/model-file.js")};
    import { interruption, leaveAtOnce } from ${built("cli/guarded.js")};
    import { writeSync } from "node:fs";
    process.on("exit", (code) => writeSync(2, "exit " + code));
    const model = await openModelFile("endless.onnx");
    const ask = () => model.run({ x: { type: "float32", shape: [], data: Float32Array.of(0) } });
    ask();
    ${script}`;
  const args = ["--input-type=module", "-e", code];
  return spawnSync(process.execPath, args, { cwd, encoding: "utf8", timeout: 60_000, killSignal: "SIGKILL" });
}

test.each(["SIGINT", "SIGTERM"])(
  "a second %s ends the process with 130, and listeners of its end are called",
  (name) => {
    const { status, stderr } = whileComputing(`
    interruption(() => process.kill(process.pid, "${name}"));
    process.kill(process.pid, "${name}");
    setInterval(() => {}, 1000);`);
    expect([status, stderr]).toEqual([130, "exit 130"]);
  },
);

test("an end for another reason waits as little", () => {
  const { status, stderr } = whileComputing("await leaveAtOnce(1);");
  expect([status, stderr]).toEqual([1, "exit 1"]);
});

/** The thread of an onnx engine: does what it is asked, in order. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../thread.ts";
import type { Answer, Request, Task, ThreadData } from "./protocol.ts";
import { findBlockSize, Sessions } from "./session.ts";
import { unlessClosing } from "./signals.ts";

const { settings, signals } = workerData as ThreadData;
const sessions = new Sessions(settings);

async function perform(task: Task): Promise<Omit<Answer, "id">> {
  if (task.kind === "block") return { block: await findBlockSize() };
  if (task.kind === "run") return { results: await sessions.run(task.program, task.feeds) };
  if (task.kind === "compile") await sessions.compile(task.program, task.compiled, task.seldom);
  if (task.kind === "release") await sessions.release(task.program);
  if (task.kind === "write") sessions.write(task.values);
  return task.kind === "read" ? { values: sessions.read(task.names) } : {};
}

const send = (answer: Answer): void => {
  const arrays = [
    ...Object.values(answer.results ?? {}),
    ...Array.from(answer.values?.values() ?? [], ({ data }) => data),
  ];
  parentPort?.postMessage(
    answer,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
};

let last: Promise<void> = Promise.resolve();

parentPort?.on("message", ({ id, task }: Request) => {
  last = last.then(async () => {
    const answer = await unlessClosing(signals, () => perform(task)).catch((error: unknown) => ({
      error: errorData(error),
    }));
    send({ id, ...answer });
  });
});

/** The inner end of an engine's thread: does what it is asked, in order. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../thread.ts";
import type { Answer, Request, Runner, RunnerSettings, Task, ThreadData } from "./protocol.ts";
import { unlessClosing } from "./signals.ts";

/** Lets a runner answer the engine that started this thread; if it cannot be opened, each answer is that error. */
export function serve<Compiled>(open: (settings: RunnerSettings) => Runner<Compiled>): void {
  const { settings, signals } = workerData as ThreadData;
  let runner: Runner<Compiled> | undefined;
  const perform = async (task: Task<Compiled>): Promise<Omit<Answer, "id">> => {
    runner ??= open(settings);
    if (task.kind === "probe") return { found: await runner.probe?.() };
    if (task.kind === "run") return { results: await runner.run(task.program, task.feeds) };
    if (task.kind === "compile") await runner.compile(task.program, task.compiled, task.seldom);
    if (task.kind === "release") await runner.release(task.program);
    if (task.kind === "write") runner.write(task.values);
    return task.kind === "read" ? { values: runner.read(task.names) } : {};
  };
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", ({ id, task }: Request<Compiled>) => {
    last = last.then(async () => {
      const answer = await unlessClosing(signals, () => perform(task)).catch((error: unknown) => ({
        error: errorData(error),
      }));
      send({ id, ...answer });
    });
  });
}

function send(answer: Answer): void {
  const arrays = [
    ...Object.values(answer.results ?? {}),
    ...Array.from(answer.values?.values() ?? [], ({ data }) => data),
  ];
  parentPort?.postMessage(
    answer,
    arrays.map(({ buffer }) => buffer as ArrayBuffer),
  );
}

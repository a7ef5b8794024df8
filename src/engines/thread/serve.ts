/** The inner end of an engine's thread: does what it is asked, in order. */
import { parentPort, workerData } from "node:worker_threads";
import { errorData } from "../../thread.ts";
import type { Answer, BareAnswer, CloseTask, Request, Runner, RunnerSettings, Task, ThreadData } from "./protocol.ts";
import { unlessClosing, unlessExiting } from "./signals.ts";

/** How the tasks of a thread are done. */
export interface Service<Task, Answer extends BareAnswer> {
  /** Does one task; none is begun before the last one has ended. */
  readonly perform: (task: Exclude<Task, CloseTask>, settings: RunnerSettings) => Promise<Omit<Answer, "id">>;
  /** The last thing that is done. */
  readonly close: () => Promise<void> | void;
  /** The buffers of an answer that are given away with it. */
  readonly buffersOf: (answer: Omit<Answer, "id">) => readonly ArrayBufferLike[];
}

/** Answers the tasks that the owner of this thread asks for, until it closes the connection. */
export function serveTasks<Task extends { readonly kind: string }, Answer extends BareAnswer>(
  service: Service<Task, Answer>,
): void {
  const { close, buffersOf } = service;
  const { settings, signals } = workerData as ThreadData;
  const perform = (task: Task): Promise<Omit<Answer, "id"> | undefined> => {
    if (task.kind === "close") return unlessExiting(signals, async () => void (await close()));
    return unlessClosing(signals, () => service.perform(task as Exclude<Task, CloseTask>, settings));
  };
  let last: Promise<void> = Promise.resolve();
  parentPort?.on("message", ({ id, task }: Request<Task>) => {
    last = last.then(async () => {
      try {
        const answer = await perform(task);
        parentPort?.postMessage({ ...answer, id }, answer ? [...(buffersOf(answer) as ArrayBuffer[])] : []);
      } catch (error) {
        parentPort?.postMessage({ id, error: errorData(error) });
      }
    });
  });
}

/** Lets a runner answer the engine that started this thread; if it cannot be opened, each answer is that error. */
export function serve<Compiled>(open: (settings: RunnerSettings) => Runner<Compiled>): void {
  let runner: Runner<Compiled> | undefined;
  serveTasks<Task<Compiled>, Answer>({
    async perform(task, settings) {
      runner ??= open(settings);
      if (task.kind === "probe") return { found: runner.probe?.() };
      if (task.kind === "measure") return { times: runner.measure?.(task.alternatives) };
      if (task.kind === "run") return { results: runner.run(task.program, task.feeds) };
      if (task.kind === "compile") runner.compile(task.program, task.compiled, task.seldom);
      if (task.kind === "release") runner.release(task.program);
      if (task.kind === "write") runner.write(task.values);
      return task.kind === "read" ? { values: runner.read(task.names) } : {};
    },
    close: () => runner?.close(),
    buffersOf: ({ results, values }) => [
      ...Object.values(results ?? {}).map(({ buffer }) => buffer),
      ...Array.from(values?.values() ?? [], ({ data }) => data.buffer),
    ],
  });
}

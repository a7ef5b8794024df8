import { endThread, errorFrom, startThread } from "../../thread.ts";
import { closedEngine } from "../checks.ts";
import type { BareAnswer, CloseTask, Request, RunnerSettings, ThreadData } from "./protocol.ts";
import { createSignals, type Signals, signalClosing, signalExit, waitUntilIdle } from "./signals.ts";

/** Sends tasks to the engine's thread and gives each its answer. An idle engine does not keep the process alive. */
export interface Connection<Task, Answer extends BareAnswer> {
  ask(task: Task, transfer?: readonly ArrayBuffer[]): Promise<Answer>;
  /** Refuses what waits and what comes, and ends the thread when the task that it is at is done. */
  close(): Promise<void>;
}

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** Starts the thread of an engine on `module`, which calls `serve` or `serveTasks`. */
export function connect<Task, Answer extends BareAnswer>(
  module: URL,
  settings: RunnerSettings,
): Connection<Task, Answer> {
  const signals = createSignals();
  const worker = startThread(module, { settings, signals } satisfies ThreadData);
  const waiting = new Map<number, Waiting<Answer>>();
  let count = 0;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const { reject } of waiting.values()) reject(failure);
    waiting.clear();
  };
  const ask = (task: Task | CloseTask, transfer: readonly ArrayBuffer[] = []): Promise<Answer> => {
    worker.ref();
    const request: Request<Task | CloseTask> = { id: count++, task };
    return new Promise((resolve, reject) => {
      waiting.set(request.id, { resolve, reject });
      worker.postMessage(request, transfer);
    });
  };
  worker.on("message", (answer: Answer) => {
    const asked = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if (answer.error) asked?.reject(errorFrom(answer.error));
    else asked?.resolve(answer);
  });
  worker.on("error", fail);
  worker.on("exit", (code) => {
    unwatchExit(signals);
    fail(new Error(`The engine's thread ended with exit code ${code}.`));
  });
  worker.unref();
  watchExit(signals);
  const end = async (): Promise<void> => {
    fail(closedEngine());
    signalClosing(signals);
    await ask({ kind: "close" }).catch(() => {}); // a thread that has ended need not answer
    await endThread(worker);
  };
  let ended: Promise<void> | undefined;
  return {
    ask: (task, transfer) => (failure ? Promise.reject(failure) : ask(task, transfer)),
    close: () => {
      ended ??= end();
      return ended;
    },
  };
}

const running = new Set<Signals>();

/** Whoever ends the process with an error or by `process.exit` waits for the runtime as well. */
function watchExit(signals: Signals): void {
  if (running.size === 0) process.once("exit", waitForAll);
  running.add(signals);
}

function unwatchExit(signals: Signals): void {
  running.delete(signals);
  if (running.size === 0) process.off("exit", waitForAll);
}

/** Has the end of the process wait for no runtime any more: whoever calls it ends the process without ending threads. */
export function abandonThreads(): void {
  process.off("exit", waitForAll);
  running.clear();
}

function waitForAll(): void {
  for (const signals of running) signalExit(signals);
  for (const signals of running) waitUntilIdle(signals);
}

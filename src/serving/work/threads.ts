/** The threads that do the work of a server. */
import type { Worker } from "node:worker_threads";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { PreparedPicture } from "../../explain/index.ts";
import { endThread, errorFrom, startThread } from "../../thread.ts";
import { ApiError } from "../api/errors.ts";
import type { Question } from "../api/tensors/messages.ts";
import { readQuestion } from "../api/tensors/messages.ts";
import { memoryOf } from "./memory.ts";
import type { Done } from "./thread.ts";
import type { Work, Workers } from "./work.ts";

/** Bytes of a message that is read at once, since handing it to a thread would take as long. */
const SMALL_MESSAGE = 1 << 14;
/** Megabytes of the heap of a thread; a message that needs more ends it, and is answered so. */
const HEAP = 512;

interface Job {
  readonly work: Work;
  readonly signal: AbortSignal;
  readonly resolve: (result: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Threads for a server, started when they are needed. Each does one thing at a time and what comes meanwhile waits in order, so
 * that no more pictures are in memory than there are threads. Work whose signal aborts is ended with its thread, which another
 * one replaces.
 */
export function openWorkers(count: number, module = new URL("./thread.ts", import.meta.url)): Workers {
  const waiting: Job[] = [];
  const idle: Worker[] = [];
  const all = new Set<Worker>();
  let isClosed = false;
  const next = (): void => {
    while (0 < waiting.length && (0 < idle.length || all.size < count)) {
      const job = waiting.shift();
      if (job?.signal.aborted === false) void begin(job);
    }
  };
  const end = async (worker: Worker): Promise<void> => {
    all.delete(worker);
    await endThread(worker);
  };
  const begin = async (job: Job): Promise<void> => {
    const worker = idle.pop() ?? startThread(module, undefined, { maxOldGenerationSizeMb: HEAP });
    all.add(worker);
    const outcome = await outcomeOf(worker, job);
    if (outcome.isLost || isClosed) await end(worker);
    else idle.push(worker);
    outcome.tell();
    next();
  };
  const add = <Result>(work: Work, signal: AbortSignal): Promise<Result> =>
    new Promise<Result>((resolve, reject) => {
      signal.throwIfAborted();
      waiting.push({ work, signal, resolve: (result) => resolve(result as Result), reject });
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      next();
    });
  return {
    pixels: (picture, model, signal) => add<Uint8Array>({ kind: "picture", picture, model }, signal),
    question: async (message, signal) =>
      message.body.length <= SMALL_MESSAGE
        ? readQuestion(message)
        : add<Question>({ kind: "question", message }, signal),
    thumbnail: (file, options, signal) => add<Uint8Array>({ kind: "thumbnail", file, options }, signal),
    preparation: (source, { model: { name: network, input }, name }, signal) =>
      add<PreparedPicture>({ kind: "preparation", source, model: { name: network, input }, name }, signal),
    async close() {
      isClosed = true;
      for (const { reject } of waiting.splice(0)) reject(new Error("the server is stopping"));
      await Promise.all([...all].map(end));
    },
  };
}

interface Outcome {
  /** Whether the thread has ended, or is at work that nobody waits for. */
  readonly isLost: boolean;
  readonly tell: () => void;
}

/** Lets a thread do a job. */
function outcomeOf(worker: Worker, { work, signal, resolve, reject }: Job): Promise<Outcome> {
  return new Promise((settle) => {
    const finish = (isLost: boolean, tell: () => void): void => {
      worker.off("message", answered).off("error", failed).off("exit", left);
      signal.removeEventListener("abort", aborted);
      settle({ isLost, tell });
    };
    const answered = (done: Done): void =>
      finish(false, () => {
        if ("result" in done) resolve(done.result);
        else if ("error" in done) reject(errorFrom(done.error));
        else reject(refusalOf(done.refusal));
      });
    const failed = (error: unknown): void =>
      finish(true, () =>
        reject((error as NodeJS.ErrnoException).code === "ERR_WORKER_OUT_OF_MEMORY" ? tooMuch() : error),
      );
    const left = (): void => finish(true, () => reject(new Error("a thread of the server ended")));
    const aborted = (): void => finish(true, () => {});
    worker.on("message", answered).on("error", failed).on("exit", left);
    signal.addEventListener("abort", aborted, { once: true });
    worker.postMessage(work, memoryOf(sentBytes(work)));
  });
}

/** What a client sent, which nobody but the thread reads any more. */
const sentBytes = (work: Work): unknown =>
  work.kind === "picture" ? work.picture : work.kind === "question" ? work.message : undefined;

const refusalOf = ({ status, message, hint }: { status: number; message: string; hint: string }): ApiError =>
  new ApiError(status as ContentfulStatusCode, message, hint);

const tooMuch = (): ApiError =>
  new ApiError(413, `body: expected what ${HEAP} MB of memory can hold but it needs more.`, "Send less at once.");

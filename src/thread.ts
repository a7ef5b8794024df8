/** Worker threads that run from TypeScript sources and from the built package alike, and errors that cross to and from them. */
import { Worker } from "node:worker_threads";
import { messageOf, UserError } from "./errors.ts";

/**
 * Starts a thread on `module`, the URL of a `.ts` source: `new URL("./x.ts", import.meta.url)`.
 *
 * The thread finds `workerData` under that name. In the built package the `.js` beside it runs; among sources, during development, the thread loads tsx first.
 */
export function startThread(module: URL, workerData?: unknown): Worker {
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(module.href.replace(/\.ts$/, ".js")), { workerData });
  const tsx = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import { register } from ${tsx}; register(); await import(${JSON.stringify(module.href)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), { execArgv: [], workerData });
}

/** Ends a thread. Also one that did not keep the process alive keeps it so until it has ended, for whoever waits for that. */
export async function endThread(worker: Worker): Promise<void> {
  worker.ref();
  await worker.terminate();
}

/** An error as plain data; a `UserError` has its hint. */
export interface ErrorData {
  readonly message: string;
  readonly stack?: string;
  readonly hint?: string;
}

/** What another thread needs to throw the same error. */
export function errorData(error: unknown): ErrorData {
  const stack = error instanceof Error ? error.stack : undefined;
  return { message: messageOf(error), stack, hint: error instanceof UserError ? error.hint : undefined };
}

/** The error that another thread described, with its stack there. */
export function errorFrom({ message, stack, hint }: ErrorData): Error {
  const error = hint === undefined ? new Error(message) : new UserError(message, hint);
  if (stack !== undefined) error.stack = stack;
  return error;
}

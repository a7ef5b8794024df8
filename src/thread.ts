/** Worker threads that run from TypeScript sources and from the built package alike, and errors that cross to and from them. */
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { messageOf, UserError } from "./errors.ts";

/**
 * Starts a thread on `module`, the URL of a `.ts` source: `new URL("./x.ts", import.meta.url)`.
 *
 * The thread finds `workerData` under that name. In the built package the `.js` beside it runs; among sources, during development,
 * the one in the folder OCELLI_BUILT, where the tests keep a build of the same sources, or else tsx is loaded first.
 */
export function startThread(module: URL, workerData?: unknown): Worker {
  const script = module.href.replace(/\.ts$/, ".js");
  if (!import.meta.url.endsWith(".ts")) return new Worker(new URL(script), { workerData });
  const { OCELLI_BUILT: built } = process.env;
  const sources = new URL(".", import.meta.url).href;
  if (built) return new Worker(new URL(script.replace(sources, `${pathToFileURL(built)}/`)), { workerData });
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

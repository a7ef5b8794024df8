/** Worker threads that run from TypeScript sources and from the built package alike, and errors that cross to and from them. */
import { pathToFileURL } from "node:url";
import { type ResourceLimits, Worker } from "node:worker_threads";
import { messageOf, UserError } from "./errors.ts";

/**
 * The address under which a thread finds a module of this package, whose source is at `source`. In the built package that is the
 * `.js` beside it; among sources, during development, the one in the folder OCELLI_BUILT, where the tests keep a build of the
 * same sources, or else the source itself.
 */
export function threadModule(source: string): string {
  const script = source.replace(/\.ts$/, ".js");
  if (!import.meta.url.endsWith(".ts")) return script;
  const { OCELLI_BUILT: built } = process.env;
  return built ? script.replace(new URL(".", import.meta.url).href, `${pathToFileURL(built)}/`) : source;
}

/**
 * Starts a thread on `module`, the URL of a `.ts` source: `new URL("./x.ts", import.meta.url)`.
 *
 * The thread finds `workerData` under that name, and ends when it takes more memory than `resourceLimits`. One that runs from
 * its source loads tsx first.
 */
export function startThread(module: URL, workerData?: unknown, resourceLimits?: ResourceLimits): Worker {
  const script = threadModule(module.href);
  const execArgv: string[] = []; // those of the process may be of its own script alone, as --input-type and --import are
  if (script.endsWith(".js")) return new Worker(new URL(script), { execArgv, workerData, resourceLimits });
  const tsx = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import { register } from ${tsx}; register(); await import(${JSON.stringify(script)});`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(code)}`), {
    execArgv,
    workerData,
    resourceLimits,
  });
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

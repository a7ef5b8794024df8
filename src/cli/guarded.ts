import { UserError } from "../errors.ts";
import { EXIT, failWith } from "./output.ts";

/** Takes a half-drawn bar from a terminal. */
const CLEAR_LINE = "\r\x1b[2K";

/** A command's action whose errors are printed, with the exit code that they have. */
export const guarded =
  <Args extends readonly unknown[]>(action: (...args: Args) => Promise<void>) =>
  async (...args: Args): Promise<void> => {
    try {
      await action(...args);
    } catch (error) {
      process.exitCode = failWith(error);
    }
  };

/** Throws unless `value` is a whole number of at least `least`. */
export function wholeNumber(option: string, value: unknown, least = 1): number {
  if (typeof value === "number" && Number.isInteger(value) && least <= value) return value;
  throw new UserError(
    `${option}: expected a whole number of at least ${least} but got ${typeof value === "number" ? value : `"${String(value)}"`}.`,
    "Give another value, or leave it out.",
  );
}

/** A request to stop, by Ctrl-C or SIGTERM. */
export interface Interruption {
  /** Set off by the first one. */
  readonly signal: AbortSignal;
  /** Restores the usual behaviour: the next one ends the process. */
  readonly release: () => void;
}

/** A signal that Ctrl-C (or SIGTERM) sets off once; a second one leaves at once, whatever native threads are at. */
export function interruption(onInterrupt: () => void): Interruption {
  const controller = new AbortController();
  const leaving = prepareLeaving(); // loaded by the time it is needed
  const stop = (): void => {
    if (controller.signal.aborted) {
      if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
      void leaving.then((leave) => leave(EXIT.interrupted));
      return;
    }
    controller.abort();
    onInterrupt();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
    },
  };
}

/** Ends the process at once with that exit code, whatever native threads are at. */
export async function leaveAtOnce(code: number): Promise<never> {
  const leave = await prepareLeaving();
  return leave(code);
}

async function prepareLeaving(): Promise<(code: number) => never> {
  const { prepareLeaving } = await import("../engines/leave.ts");
  return prepareLeaving();
}

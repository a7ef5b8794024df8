import { UserError } from "../errors.ts";
import { failWith } from "./output.ts";

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

/**
 * A signal that Ctrl-C (or SIGTERM) sets off once; a second Ctrl-C leaves at once. `release` restores the usual
 * behaviour.
 */
export function interruption(onInterrupt: () => void): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) process.exit(130);
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

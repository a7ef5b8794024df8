/** Variables of the environment that native libraries read. */
import { isMainThread } from "node:worker_threads";

/**
 * How long a thread of GNU's OpenMP spins when it waits for others, in turns of its loop, before it sleeps: the value of
 * GOMP_SPINCOUNT. OpenMP's own default of some milliseconds takes the core from whoever it waits for as soon as anything else
 * runs on the machine.
 */
export const SPIN_COUNT = "1000";

/** Whether somebody has said in the environment how OpenMP's threads wait. */
export const saysHowToWait = ({ GOMP_SPINCOUNT, OMP_WAIT_POLICY }: NodeJS.ProcessEnv): boolean =>
  Boolean(GOMP_SPINCOUNT || OMP_WAIT_POLICY);

/**
 * Gives the variables that are set later (by `prepareFonts`, and when oneDNN is loaded) a place in the environment before
 * libvips or oneDNN has threads: to add one, glibc before 2.41 moves the whole environment and frees the old one, which those
 * threads read all the time, and crash. Fontconfig's own defaults stand in for the fonts' values; replacing a value moves nothing.
 * In a worker, whose `process.env` is a copy, nothing is done.
 */
export function reserveEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  if (process.platform !== "linux" || !isMainThread) return;
  environment.FONTCONFIG_PATH ??= "/etc/fonts";
  environment.FONTCONFIG_FILE ??= "fonts.conf";
  if (!saysHowToWait(environment)) environment.GOMP_SPINCOUNT = SPIN_COUNT;
}

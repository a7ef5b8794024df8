/** Variables of the environment that native libraries read. */
import { SPIN_COUNT, saysHowToWait } from "../engines/spin-count.ts";

/**
 * Gives the variables that are set later on a place in the environment, while no other thread exists that could be reading it: to
 * add one, glibc before 2.41 moves the whole environment and frees the old one. The fonts' have fontconfig's own defaults until
 * then; replacing a value moves nothing.
 */
export function reserveEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  if (process.platform !== "linux") return;
  environment.FONTCONFIG_PATH ??= "/etc/fonts";
  environment.FONTCONFIG_FILE ??= "fonts.conf";
  if (!saysHowToWait(environment)) environment.GOMP_SPINCOUNT = SPIN_COUNT;
}

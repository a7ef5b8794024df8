/** Variables of the environment that native libraries read. */
import { SPIN_COUNT, saysHowToWait } from "../engines/spin-count.ts";

/**
 * Gives the variables that are set later (by `prepareFonts`, and when oneDNN is loaded) a place in the environment while no other
 * thread exists that could be reading it: to add one, glibc before 2.41 moves the whole environment and frees the old one.
 * Fontconfig's own defaults stand in for the fonts' values; replacing a value moves nothing.
 */
export function reserveEnvironment(environment: NodeJS.ProcessEnv = process.env): void {
  if (process.platform !== "linux") return;
  environment.FONTCONFIG_PATH ??= "/etc/fonts";
  environment.FONTCONFIG_FILE ??= "fonts.conf";
  if (!saysHowToWait(environment)) environment.GOMP_SPINCOUNT = SPIN_COUNT;
}

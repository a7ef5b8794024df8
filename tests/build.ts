/** Builds the package once before the tests, which run the real command line; types are checked by `npm run check`. */
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";

/** Called by vitest. */
export function setup(): void {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--noCheck"], { stdio: "inherit" });
}

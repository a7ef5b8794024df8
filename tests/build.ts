/**
 * Once before the tests: builds the package, since they run the real command line (types are checked by `npm run check`), and
 * gives them a cache folder of their own, which is removed in the end.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Called by vitest; what it returns is called in the end. */
export function setup(): () => void {
  const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--noCheck"], { stdio: "inherit" });
  const vite = join(dirname(createRequire(import.meta.url).resolve("vite/package.json")), "bin/vite.js");
  execFileSync(process.execPath, [vite, "build", "--config", "web-export/vite.config.ts"], { stdio: "inherit" });
  const cache = mkdtempSync(join(tmpdir(), "ocelli-cache-"));
  process.env.OCELLI_CACHE = cache;
  return () => rmSync(cache, { recursive: true, force: true });
}

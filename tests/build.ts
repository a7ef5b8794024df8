/**
 * Once before the tests: builds the package, since they run the real command line (types are checked by `npm run check`), open
 * its pages and start its threads (those of the sources would load tsx first, 1.4 times as long), and gives them a cache folder of their own, which is removed in the end.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve as resolvePath } from "node:path";

const { resolve } = createRequire(import.meta.url);

const run = (script: string, ...args: string[]): void =>
  void execFileSync(process.execPath, [script, ...args], {
    stdio: "inherit",
    env: { ...process.env, NODE_ENV: "production" },
  });

/** Called by vitest; what it returns is called in the end. */
export function setup(): () => void {
  run(resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json", "--noCheck");
  const vite = join(dirname(resolve("vite/package.json")), "bin/vite.js");
  for (const page of ["web", "web-export"]) run(vite, "build", "--config", `${page}/vite.config.ts`);
  const cache = mkdtempSync(join(tmpdir(), "ocelli-cache-"));
  process.env.OCELLI_CACHE = cache;
  process.env.OCELLI_BUILT = resolvePath("dist");
  return () => rmSync(cache, { recursive: true, force: true });
}

/** How the tests run on mutants: in a copy of the tree that is built, a file at a time. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { ocelli: fileURLToPath(new URL("../../src/index.ts", import.meta.url)) } },
  root: fileURLToPath(new URL("../..", import.meta.url)),
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    pool: "forks",
    setupFiles: ["tests/setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    bail: 1,
    reporters: [{}],
    experimental: {
      fsModuleCache: true,
      fsModuleCachePath: fileURLToPath(new URL("../../../modules", import.meta.url)),
    },
  },
});

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/sequencer.ts";

export default defineConfig({
  resolve: { alias: { ocelli: fileURLToPath(new URL("src/index.ts", import.meta.url)) } }, // examples import it by name
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    pool: "forks", // native addons do not like threads that end
    setupFiles: ["tests/setup.ts"],
    globalSetup: ["tests/build.ts"],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});

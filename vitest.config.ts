import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { LongestFirst } from "./tests/sequencer.ts";

export default defineConfig({
  resolve: { alias: { ocelli: fileURLToPath(new URL("src/index.ts", import.meta.url)) } }, // examples import it by name
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["tests/long/**"],
    pool: "forks", // native addons do not like threads that end
    setupFiles: ["tests/setup.ts"],
    globalSetup: ["tests/build.ts"],
    testTimeout: 1_200_000, // densenet121 on the reference engine took 424 s where a processor ran at a tenth of its speed
    hookTimeout: 300_000,
    expect: { poll: { timeout: 120_000 } },
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
  },
});

import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "tests/**/*.test.ts"],
    pool: "forks", // native addons do not like threads that end
    setupFiles: ["tests/setup.ts"],
    testTimeout: 60_000,
    maxWorkers: 2,
  },
});

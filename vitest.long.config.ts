/** What takes too long for `npm test`: `npm run test:long`, or `npm run test:long NAME` for some of its files. */
import { defineConfig, mergeConfig } from "vitest/config";
import { KeptResults } from "./tests/long/kept-results.ts";
import usual from "./vitest.config.ts";

const config = mergeConfig(usual, defineConfig({ test: { reporters: ["default", new KeptResults()] } }));
export default { ...config, test: { ...config.test, include: ["tests/long/**/*.test.ts"], exclude: [] } };

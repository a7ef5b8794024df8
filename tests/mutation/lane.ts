/** A process that runs test files in the copy, one after another, until one fails; the tool ends it when one takes too long. */
import { join } from "node:path";
import { createVitest } from "vitest/node";

/** What a lane is asked. */
export interface Question {
  /** Test files from the copy's root, in their order. */
  readonly tests: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What it tells: that a test file begins, and how each ended. */
export type Answer =
  | { readonly begins: string }
  | { readonly ended: string; readonly isGood: boolean; readonly seconds: number; readonly why: string };

const root = process.argv[2] ?? "";
process.chdir(root);
const vitest = await createVitest(
  "test",
  { watch: false, root, config: join(root, "tests/mutation/vitest.mutation.config.ts") },
  {},
);
const tell = (answer: Answer | "ready" | "done"): void => void process.send?.(answer);

async function run(test: string): Promise<boolean> {
  tell({ begins: test });
  const begun = performance.now();
  const path = join(root, test);
  vitest.state.filesMap.clear(); // else `bail` counts the failures of the files before
  const result = await vitest.runTestSpecifications([vitest.getRootProject().createSpecification(path)]);
  const { unhandledErrors } = result;
  const testModules = result.testModules.filter(({ moduleId }) => moduleId === path);
  const failed = testModules.flatMap((module) => [
    ...module.errors().map(({ message }) => message),
    ...[...module.children.allTests("failed")].map((one) => `${one.fullName}: ${one.result().errors?.[0]?.message}`),
  ]);
  const isGood = testModules.length === 1 && unhandledErrors.length === 0 && testModules.every((module) => module.ok());
  const why = [...failed, ...unhandledErrors.map(String)].join("; ").slice(0, 300);
  vitest.state.errorsSet.clear();
  tell({ ended: test, isGood, seconds: (performance.now() - begun) / 1000, why });
  return isGood;
}

process.on("message", async ({ tests, env }: Question) => {
  for (const name of ["OCELLI_MUTANT", "OCELLI_COVERED"]) delete process.env[name];
  Object.assign(process.env, env);
  for (const test of tests) if (!(await run(test))) break;
  tell("done");
});
process.on("disconnect", () => process.exit());
tell("ready");

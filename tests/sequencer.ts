/** The order in which test files begin: the long ones first, so that none of them is left to run alone in the end. */
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LONG = [
  "tests/commands/commands",
  "tests/pages/",
  "tests/cli/",
  "tests/parity/networks",
  "tests/parity/hymenoptera-steps",
];

/** Files of `LONG` in its order, the others as Vitest has them. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const found = LONG.findIndex((part) => moduleId.includes(part));
      return found < 0 ? LONG.length : found;
    };
    const usual = await super.sort(files);
    return usual.toSorted((a, b) => rank(a) - rank(b));
  }
}

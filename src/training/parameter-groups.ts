/** Parameters that share a learning rate and a count of steps. */
import type { Optimizer } from "../optim/optimizer.ts";
import { scalarName } from "./step-program.ts";

/** Parameters that share the optimizer's scalars. */
export interface StepGroup {
  readonly parameters: readonly string[];
  /** Multiplies the learning rate. */
  readonly learningRateScale: number;
  /** Steps of the training before the first one that changed them. */
  readonly since: number;
}

/** What decides a parameter's group. */
interface GroupRules {
  readonly learningRateScale: (parameter: string) => number;
  readonly since: (parameter: string) => number;
}

/** The parameters in as few groups as there can be, in order of their first members. */
export function groupParameters(parameters: readonly string[], rules: GroupRules): StepGroup[] {
  const groups = new Map<string, { learningRateScale: number; since: number; parameters: string[] }>();
  for (const parameter of parameters) {
    const [learningRateScale, since] = [rules.learningRateScale(parameter), rules.since(parameter)];
    const key = `${learningRateScale} ${since}`;
    const group = groups.get(key) ?? { learningRateScale, since, parameters: [] };
    group.parameters.push(parameter);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** The scalars of all groups at step 1, 2, …, by the names of the Program's inputs. */
export const groupScalars = (
  groups: readonly StepGroup[],
  optimizer: Optimizer,
  { step, learningRate }: { step: number; learningRate: number },
): Record<string, Float32Array> =>
  Object.fromEntries(
    groups.flatMap(({ learningRateScale, since }, group) =>
      Object.entries(optimizer.scalarsAt(step - since, learningRate * learningRateScale)).map(
        ([name, value]) => [scalarName(name, group), Float32Array.of(value)] as const,
      ),
    ),
  );

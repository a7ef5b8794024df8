/** Constants of compiled Programs: which variables they are, and whether those still hold the same. */
import type { Program } from "../graph/program.ts";
import type { CompileOptions } from "./engine.ts";

/**
 * Names of the Program's variables that are to be constants; throws for one that the Program itself updates, since it could
 * be run but once.
 */
function constantsOf({ name, variables, updates }: Program, { constants }: CompileOptions): ReadonlySet<string> {
  const isConstant = constants === "all" ? () => true : (constants ?? (() => false));
  const names = variables.map((variable) => variable.name).filter(isConstant);
  const updated = updates.find(({ variable }) => names.includes(variable.name));
  if (updated)
    throw new Error(`program "${name}": variable "${updated.variable.name}" is updated, so it cannot be a constant`);
  return new Set(names);
}

/** The variables of a Program that are constants, and whether they still hold what was compiled. */
export interface Constants {
  readonly names: ReadonlySet<string>;
  /** Whether one of them was written or updated since. */
  isStale(): boolean;
  /** Throws if one of them was written or updated since. */
  expectFresh(): void;
}

/** Counts the changes of an engine's variables, in the order in which they are asked for. */
export class Changes {
  readonly #counts = new Map<string, number>();

  /** Notes that variables are written, or updated by a run. */
  note(names: Iterable<string>): void {
    for (const name of names) this.#counts.set(name, this.#count(name) + 1);
  }

  /** The constants of a Program that is compiled now. */
  constantsOf(program: Program, options: CompileOptions): Constants {
    const names = constantsOf(program, options);
    const compiled = [...names].map((name) => ({ name, count: this.#count(name) }));
    const changed = () => compiled.find(({ name, count }) => this.#count(name) !== count);
    return {
      names,
      isStale: () => changed() !== undefined,
      expectFresh() {
        const found = changed();
        if (!found) return;
        throw new Error(
          `program "${program.name}": variable "${found.name}" is a constant of it and has changed since: compile it again`,
        );
      },
    };
  }

  #count(name: string): number {
    return this.#counts.get(name) ?? 0;
  }
}

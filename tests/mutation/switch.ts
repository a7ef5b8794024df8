/**
 * What instrumented sources call: whether a mutant is on, by OCELLI_MUTANT, and which mutants' places have run, into the file
 * OCELLI_COVERED. It stands in the copy's src/, also in its built threads and commands.
 */
const { OCELLI_MUTANT, OCELLI_COVERED } = globalThis.process?.env ?? {};
const seen = new Set<string>();

/** Whether the mutant is on. */
export const isActive = (id: string): boolean => id === OCELLI_MUTANT;

/** Notes that the places of the mutants have run; nothing where nobody asks. */
export const cover = OCELLI_COVERED ? note : (): void => undefined;

function note(...ids: readonly string[]): void {
  for (const id of ids) {
    if (seen.has(id)) continue;
    seen.add(id);
    globalThis.process.getBuiltinModule("node:fs").appendFileSync(OCELLI_COVERED ?? "", `${id}\n`);
  }
}

/** Programs of a network, compiled when they are first needed. */
import type { CompileOptions, Engine, Executable, Feeds, Results } from "../engines/index.ts";
import { inputName, type Program } from "../graph/program.ts";

/** How a Program comes about. */
interface Definition extends CompileOptions {
  readonly define: () => Program;
}

/** What a Program is run with. */
interface Run {
  readonly feeds: Feeds;
  readonly transfer?: boolean;
}

/** Compiles each Program once, and again where its constants have changed. */
export class ProgramCache {
  readonly #engine: Engine;
  readonly #compiled = new Map<string, Promise<Executable>>();
  readonly #inputs = new Map<string, ReadonlySet<string>>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /**
   * Runs the Program of that name; feeds that it does not need are left out. Runs happen in the order in which they were asked
   * for, even if one has to compile first.
   */
  async run(name: string, definition: Definition, { feeds, transfer }: Run): Promise<Results> {
    const begun = this.#queue.then(async () => {
      let executable = await this.#executable(name, definition);
      while (executable.stale) executable = await this.#executable(name, definition); // changed while it was compiled
      const inputs = this.#inputs.get(name) ?? new Set();
      const needed = Object.entries(feeds).filter(([input]) => inputs.has(input));
      return { results: executable.run(Object.fromEntries(needed), { transfer }) };
    });
    this.#queue = begun.catch(() => {});
    return (await begun).results;
  }

  /** Frees all Programs whose names begin so, after the runs that were asked for. */
  async release(beginning: string): Promise<void> {
    const released = this.#queue.then(async () => {
      for (const [name, executable] of this.#compiled) {
        if (!name.startsWith(beginning)) continue;
        this.#compiled.delete(name);
        await (await executable).close();
      }
    });
    this.#queue = released.catch(() => {});
    await released;
  }

  async #executable(name: string, { define, ...options }: Definition): Promise<Executable> {
    const known = await this.#compiled.get(name);
    if (known && !known.stale) return known;
    const program = define();
    this.#inputs.set(name, new Set(program.inputs.map(inputName)));
    await known?.close();
    const executable = this.#engine.compile(program, options);
    this.#compiled.set(name, executable);
    return executable;
  }
}

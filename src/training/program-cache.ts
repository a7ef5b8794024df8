/** Programs of a network, compiled when they are first needed. */
import type { CompileOptions, Engine, Executable, Feeds, Results } from "../engines/index.ts";
import { inputName, type Program } from "../graph/program.ts";

/** A compiled Program that takes no notice of feeds that it does not need. */
interface Runnable {
  run(feeds: Feeds, options?: { readonly transfer?: boolean }): Promise<Results>;
}

/** How a Program comes about. */
interface Definition extends CompileOptions {
  readonly define: () => Program;
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

  /** The Program of that name. Calls come back in the order in which they were made, even if one has to compile first. */
  get(name: string, definition: Definition): Promise<Runnable> {
    const runnable = this.#queue.then(async () => {
      const executable = await this.#executable(name, definition);
      const inputs = this.#inputs.get(name) ?? new Set();
      return {
        run: (feeds: Feeds, options?: { readonly transfer?: boolean }) => {
          const needed = Object.entries(feeds).filter(([input]) => inputs.has(input));
          return executable.run(Object.fromEntries(needed), options);
        },
      };
    });
    this.#queue = runnable.catch(() => {});
    return runnable;
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
    return (await executable).stale ? this.#executable(name, { define, ...options }) : executable;
  }
}

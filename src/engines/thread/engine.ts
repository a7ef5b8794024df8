import type { Program } from "../../graph/program.ts";
import { checkFeeds } from "../checks.ts";
import type { Engine, EngineName, Executable, Feeds } from "../engine.ts";
import { type Connection, connect } from "./connection.ts";
import type { RunnerSettings } from "./protocol.ts";

/** A Program as it is sent to the thread, and the buffers that go with it without a copy. */
export interface Prepared<Compiled> {
  readonly compiled: Compiled;
  readonly transfer: readonly ArrayBuffer[];
}

/** What makes an engine out of a thread. */
export interface ThreadEngineOptions<Compiled> {
  readonly name: EngineName;
  /** The source of the thread, which calls `serve`. */
  readonly module: URL;
  readonly settings: RunnerSettings;
  /** Brings a Program into the thread's form; `probe` asks the thread for what its runner finds. */
  readonly prepare: (program: Program, probe: () => Promise<number>) => Promise<Prepared<Compiled>>;
}

/** An engine that computes in a thread of its own; so progress, Ctrl-C and data loading go on during a step. */
export function threadEngine<Compiled>(options: ThreadEngineOptions<Compiled>): Engine {
  const connection = connect<Compiled>(options.module, options.settings);
  let found: Promise<number> | undefined;
  const probe = (): Promise<number> => {
    found ??= connection.ask({ kind: "probe" }).then((answer) => answer.found ?? 0);
    return found;
  };
  let programs = 0;
  return {
    name: options.name,
    async compile(program, { seldom = false } = {}) {
      const number = programs++;
      const { compiled, transfer } = await options.prepare(program, probe);
      await connection.ask({ kind: "compile", program: number, compiled, seldom }, transfer);
      return executable(connection, { program, number });
    },
    async write(values) {
      await connection.ask({ kind: "write", values });
    },
    async read(names) {
      const { values } = await connection.ask({ kind: "read", names });
      return values ?? new Map();
    },
    close: () => connection.close(),
  };
}

function executable<Compiled>(
  connection: Connection<Compiled>,
  { program, number }: { program: Program; number: number },
): Executable {
  return {
    async run(feeds, { transfer = false } = {}) {
      checkFeeds(program, feeds);
      const buffers = transfer ? buffersOf(feeds) : [];
      const { results } = await connection.ask({ kind: "run", program: number, feeds }, buffers);
      return results ?? {};
    },
    async close() {
      await connection.ask({ kind: "release", program: number });
    },
  };
}

/** The buffers that can be transferred; shared ones cannot, and need not. */
const buffersOf = (feeds: Feeds): ArrayBuffer[] => [
  ...new Set(Object.values(feeds).flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))),
];

import type { Program } from "../../graph/program.ts";
import { checkFeeds } from "../checks.ts";
import { Changes, type Constants } from "../constants.ts";
import type { Engine, EngineName, Executable } from "../engine.ts";
import { type Connection, connect } from "./connection.ts";
import type { Answer, RunnerSettings, Task } from "./protocol.ts";

/** A Program as it is sent to the thread, and the buffers that go with it without a copy. */
export interface Prepared<Compiled> {
  readonly compiled: Compiled;
  readonly transfer: readonly ArrayBuffer[];
}

/** What the thread is asked before a Program is compiled. */
export interface ThreadQuestions<Compiled> {
  /** What its runner finds; asked once. */
  readonly probe: () => Promise<number>;
  /** Milliseconds that each of some Programs, which compute the same, takes. */
  readonly measure: (alternatives: readonly Compiled[]) => Promise<readonly number[]>;
}

/** What makes an engine out of a thread. */
export interface ThreadEngineOptions<Compiled> {
  readonly name: EngineName;
  /** The source of the thread, which calls `serve`. */
  readonly module: URL;
  readonly settings: RunnerSettings;
  /**
   * Brings a Program into the thread's form. The variables `constants` keep their content as long as the Program is run; `seldom`
   * as in `CompileOptions`.
   */
  readonly prepare: (
    program: Program,
    on: ThreadQuestions<Compiled> & { readonly constants: ReadonlySet<string>; readonly seldom: boolean },
  ) => Promise<Prepared<Compiled>>;
}

/** An engine that computes in a thread of its own; so progress, Ctrl-C and data loading go on during a step. */
export function threadEngine<Compiled>(options: ThreadEngineOptions<Compiled>): Engine {
  const connection = connect<Task<Compiled>, Answer>(options.module, options.settings);
  let found: Promise<number> | undefined;
  const probe = (): Promise<number> => {
    found ??= connection.ask({ kind: "probe" }).then((answer) => answer.found ?? 0);
    return found;
  };
  const measure = async (alternatives: readonly Compiled[]): Promise<readonly number[]> =>
    (await connection.ask({ kind: "measure", alternatives })).times ?? [];
  const changes = new Changes();
  let programs = 0;
  return {
    name: options.name,
    async compile(program, compilation = {}) {
      const number = programs++;
      const { seldom = false } = compilation;
      const known = changes.constantsOf(program, compilation);
      const { compiled, transfer } = await options.prepare(program, {
        ...{ probe, measure, seldom },
        constants: known.names,
      });
      await connection.ask({ kind: "compile", program: number, compiled, seldom }, transfer);
      return executable(connection, { program, number, changes, constants: known });
    },
    async write(values, { transfer = false } = {}) {
      changes.note(values.keys());
      const buffers = transfer ? buffersOf(Array.from(values.values(), ({ data }) => data)) : [];
      await connection.ask({ kind: "write", values }, buffers);
    },
    async read(names) {
      const { values } = await connection.ask({ kind: "read", names });
      return values ?? new Map();
    },
    close: () => connection.close(),
  };
}

interface ThreadProgram {
  readonly program: Program;
  readonly number: number;
  readonly changes: Changes;
  readonly constants: Constants;
}

function executable<Compiled>(
  connection: Connection<Task<Compiled>, Answer>,
  { program, number, changes, constants }: ThreadProgram,
): Executable {
  const updated = program.updates.map(({ variable }) => variable.name);
  return {
    async run(feeds, { transfer = false } = {}) {
      checkFeeds(program, feeds);
      constants.expectFresh();
      changes.note(updated);
      const buffers = transfer ? buffersOf(Object.values(feeds)) : [];
      const { results } = await connection.ask({ kind: "run", program: number, feeds }, buffers);
      return results ?? {};
    },
    get stale() {
      return constants.isStale();
    },
    async close() {
      await connection.ask({ kind: "release", program: number });
    },
  };
}

/** The buffers that can be transferred; shared ones cannot, and need not. */
const buffersOf = (arrays: readonly (Float32Array | Int32Array)[]): ArrayBuffer[] => [
  ...new Set(arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []))),
];

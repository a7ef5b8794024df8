/**
 * Which algorithm each convolution of a Program is computed with, in each direction: by a measurement in the engine's own session
 * settings, once for each shape on a machine. The choices are kept in a file.
 */
import { createHash } from "node:crypto";
import { mkdir, readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { writeFileAtomic } from "../../atomic-file.ts";
import { tellCacheNote } from "../../cache/index.ts";
import type { Program } from "../../graph/program.ts";
import type { Node } from "../../graph/value.ts";
import { parseJson } from "../../json.ts";
import { lookup } from "../../lookup.ts";
import { algorithmsOf, type Candidate, candidatesOf, keyOf } from "../../onnx/candidate.ts";
import type { Target } from "../../onnx/emitter.ts";
import { encodeModel } from "../../onnx/model.ts";
import { onnxVersion } from "../inspect.ts";
import type { CompiledProgram, Port } from "./protocol.ts";

/** Milliseconds that each of some models takes, in the engine's thread. */
export type Measure = (candidates: readonly CompiledProgram[]) => Promise<readonly number[]>;

/** Names of algorithms by key. */
export type Choices = ReadonlyMap<string, string>;

/** Milliseconds of one compilation that go into measurements; what is not measured then, is by the next one. */
const BUDGET = 1500;
/** Another algorithm than the first must be so much faster, or noise would choose. */
const GAIN = 0.9;
const FORMAT = 3;

/** By machine, the choices on it. */
type ChoiceFile = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What a choice holds for, beside the shapes. */
const machineOf = (threads: number, { block }: Target): string =>
  `${cpus()[0]?.model.trim() ?? "unknown processor"}, ${threads} threads, blocks of ${block}, ONNX Runtime ${onnxVersion()}`;

/** The nodes of a Program whose op has several algorithms, one for each key, the most frequent keys first. */
function choosable(program: Program, constants: ReadonlySet<string>): Map<string, Node> {
  const found = new Map<string, { node: Node; count: number }>();
  for (const node of program.nodes) {
    const source = node.inputs[1]?.source;
    const isConstant = source?.kind === "variable" && constants.has(source.variable.name);
    if (isConstant || algorithmsOf(node).length === 0) continue;
    const key = keyOf(node);
    found.set(key, { node, count: (found.get(key)?.count ?? 0) + 1 });
  }
  const sorted = [...found].toSorted(([, a], [, b]) => b.count - a.count);
  return new Map(sorted.map(([key, { node }]) => [key, node]));
}

/** A candidate as the engine's thread takes it. */
function compiled({ model }: Candidate): CompiledProgram {
  return {
    model: encodeModel(model) as Uint8Array<ArrayBuffer>,
    inputs: model.inputs as readonly Port[],
    masks: [],
    variables: [],
    constants: [],
    declared: [],
    outputs: new Map((model.outputs as readonly Port[]).map((port) => [port.name, port])),
    updates: new Map(),
  };
}

/** Chooses algorithms and keeps the choices in `file`. */
export class Tuner {
  readonly #file: string;
  readonly #threads: number;
  #known: Map<string, string> | undefined;

  constructor(file: string, threads: number) {
    this.#file = file;
    this.#threads = threads;
  }

  /** The choices for a Program: those that are known, and what is measured now. */
  async choose(
    program: Program,
    { target, constants, measure }: { target: Target; constants: ReadonlySet<string>; measure: Measure },
  ): Promise<Choices> {
    const machine = machineOf(this.#threads, target);
    this.#known ??= new Map(Object.entries(lookup(await readChoices(this.#file), machine) ?? {}));
    const fresh = new Map<string, string>();
    const until = performance.now() + BUDGET;
    for (const [key, node] of choosable(program, constants)) {
      if (this.#known.has(key)) continue;
      if (until < performance.now()) break;
      const chosen = await fastest(node, target, measure);
      if (chosen !== undefined) fresh.set(key, chosen);
    }
    if (0 < fresh.size) this.#known = await this.#keep(machine, fresh);
    return this.#known;
  }

  /** Writes choices; of two for one key the earlier one stays, so that processes that run side by side agree. */
  async #keep(machine: string, fresh: Choices): Promise<Map<string, string>> {
    const file = await readChoices(this.#file, () => {}); // what is damaged was told when it was first read
    const merged = { ...Object.fromEntries(this.#known ?? []), ...Object.fromEntries(fresh), ...lookup(file, machine) };
    await writeChoices(this.#file, { ...file, [machine]: merged });
    return new Map(Object.entries(merged));
  }
}

/**
 * The algorithm that took the least time, or with little between them the one that is best by rule; undefined without a choice. Whatever
 * wins over the rule has to do so twice: a choice stays, and so would that of a moment in which something else wanted the cores.
 */
async function fastest(node: Node, target: Target, measure: Measure): Promise<string | undefined> {
  const [byRule, ...others] = candidatesOf(node, target);
  if (!byRule) return undefined;
  const first = await winner(byRule, others, measure);
  const chosen = first === byRule ? byRule : await winner(byRule, [first], measure);
  return chosen.algorithm;
}

async function winner(byRule: Candidate, others: readonly Candidate[], measure: Measure): Promise<Candidate> {
  const all = [byRule, ...others];
  const times = await measure(all.map(compiled));
  const least = Math.min(...times);
  return (least < GAIN * (times[0] ?? 0) && all[times.indexOf(least)]) || byRule;
}

/** What the file holds; nothing if it is not there or of another version, and if it is damaged, which is said. It is written anew. */
async function readChoices(file: string, tell = tellCacheNote): Promise<ChoiceFile> {
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return {};
  try {
    const { format, machines, sha256 } = parseJson(text) as Record<string, unknown>;
    if (typeof format === "number" && format !== FORMAT) return {};
    if (isChoiceFile(machines) && sha256 === hashOf(machines)) return machines;
  } catch {}
  tell(`"${file}": these measured choices are damaged; they are measured again.`);
  return {};
}

const hashOf = (machines: ChoiceFile): string => createHash("sha256").update(JSON.stringify(machines)).digest("hex");

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const isChoiceFile = (value: unknown): value is ChoiceFile =>
  isRecord(value) &&
  Object.values(value).every(
    (choices) => isRecord(choices) && Object.values(choices).every((name) => typeof name === "string"),
  );

/** Writes the file whole; where that is not possible the measurements are made again next time. */
async function writeChoices(file: string, machines: ChoiceFile): Promise<void> {
  await mkdir(dirname(file), { recursive: true })
    .then(() =>
      writeFileAtomic(file, `${JSON.stringify({ format: FORMAT, sha256: hashOf(machines), machines }, null, 1)}\n`),
    )
    .catch(() => {});
}

/** All mutants of the core, by StrykerJS's instrumenter, and a sample of them. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import { Instrumenter, type InstrumentResult } from "@stryker-mutator/instrumenter";
import { rngFor } from "../../src/rng.ts";

/** The folders of src/ that are mutated. */
export const FOLDERS = [
  ...["graph", "ops", "engines", "nn", "optim", "data", "image", "training", "metrics", "export", "serving"],
] as const;

/** Mutants left out: texts, which no test should pin. */
export const EXCLUDED = ["StringLiteral"];

/** Files left out: tables of numbers, what a tool writes, and what only the tests use. */
const LEFT_OUT = /\.test\.ts$|\/digits\/strokes\.ts$|\.gen\.ts$/;

type Range = InstrumentResult["mutants"][number]["location"];

/** A change of one place. */
export interface Mutant {
  /** File, place, kind and replacement, which name it. */
  readonly key: string;
  /** Its file, from src/. */
  readonly file: string;
  /** Its folder in `FOLDERS`. */
  readonly folder: string;
  /** Of the text of its file: results of another text are worth nothing. */
  readonly hash: string;
  /** Its number among those that were instrumented together. */
  readonly id: string;
  readonly location: Range;
  readonly original: string;
  readonly replacement: string;
}

/** A source and what of it is mutated: all, or the ranges. */
export interface Source {
  readonly name: string;
  readonly content: string;
  readonly mutate: boolean | Range[];
}

/** The sources of all folders. */
export function sources(root: string): Source[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, "src", folder), { recursive: true, encoding: "utf8" })
      .map((name) => `${folder}/${name.split(sep).join("/")}`)
      .filter((name) => name.endsWith(".ts") && !LEFT_OUT.test(name))
      .toSorted()
      .map((name) => ({ name, content: readFileSync(join(root, "src", name), "utf8"), mutate: true })),
  );
}

const silent = (): void => undefined;
const off = (): boolean => false;
const logger = {
  ...{ trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent },
  ...{ isTraceEnabled: off, isDebugEnabled: off, isInfoEnabled: off, isWarnEnabled: off, isErrorEnabled: off },
  isFatalEnabled: off,
};

/** Of Babel's paths what says that a place is the text of an error. */
interface BabelPath {
  readonly node: { readonly type: string; readonly callee?: { readonly name?: string } };
}

const errorTexts = {
  shouldIgnore(path: object): string | undefined {
    const { node } = path as BabelPath;
    return node.type === "NewExpression" && /Error$/.test(node.callee?.name ?? "") ? "the text of an error" : undefined;
  },
};

/** The sources with a switch in each place that is mutated, without a header, and the mutants. */
export function instrument(files: readonly Source[]): Promise<InstrumentResult> {
  const writable = files.map((file) => ({ ...file }));
  const options = { plugins: null, excludedMutations: EXCLUDED, ignorers: [errorTexts], noHeader: true };
  return new Instrumenter(logger).instrument(writable, options);
}

/** The mutants of instrumented sources; those with a reason to ignore them are left out. */
export function mutantsOf(files: readonly Source[], { mutants }: InstrumentResult): Mutant[] {
  const texts = new Map(files.map(({ name, content }) => [name, content]));
  return mutants
    .filter(({ status }) => status !== "Ignored")
    .map(({ id, fileName: file, location, mutatorName, replacement }) => {
      const text = texts.get(file) ?? "";
      const { start, end } = location;
      const place = `${start.line + 1}:${start.column + 1}-${end.line + 1}:${end.column + 1}`;
      return {
        key: `${file}:${place} ${mutatorName} ${replacement}`,
        ...{ file, id, location, replacement },
        folder: file.slice(0, file.indexOf("/")),
        hash: createHash("sha256").update(text).digest("hex").slice(0, 12),
        original: textBetween(text, location),
      };
    });
}

function textBetween(text: string, { start, end }: Range): string {
  const lines = text.split("\n");
  const offset = ({ line, column }: Range["start"]): number =>
    lines.slice(0, line).reduce((sum, { length }) => sum + length + 1, column);
  return text.slice(offset(start), offset(end));
}

/** `count` of the mutants, of each folder in proportion, in an order by `seed`; a larger sample contains a smaller one. */
export function sample(mutants: readonly Mutant[], count: number, seed: number): Mutant[] {
  return FOLDERS.flatMap((folder) => {
    const own = mutants.filter((mutant) => mutant.folder === folder);
    const rng = rngFor(seed, `mutation of ${folder}`);
    const shuffled = own.map((mutant) => ({ mutant, rank: rng.uniform() })).toSorted((a, b) => a.rank - b.rank);
    return shuffled.slice(0, Math.ceil((own.length * count) / mutants.length)).map(({ mutant }) => mutant);
  });
}

/** The weights of a known network in what a file holds: by which names and shapes fit, not by what they are called. */
import { UserError } from "../../errors.ts";
import { type Shape, sameShape } from "../../graph/value.ts";
import { isInLayers } from "../../models/layers.ts";
import { fewOf } from "../few-of.ts";
import type { StateShapes } from "../optimizer-state.ts";
import { likeliest, presentName } from "../state-dict.ts";
import type { StateDict, StateTensor } from "../tensor.ts";
import type { Candidate } from "./candidates.ts";

/** What is looked for. */
export interface WantedWeights {
  /** Named in errors. */
  readonly file: string;
  /** Shapes of the network; those of its heads may be of other numbers of classes. */
  readonly expected: StateShapes;
  /** Layers that answer with a logit for each class, such as `fc`. */
  readonly heads: readonly string[];
  /** Whether averaged weights (EMA, SWA) are wanted where there are others too; false by default. */
  readonly averaged?: boolean;
}

/** What was found. */
export interface ChosenWeights {
  /** Under the network's own names. */
  readonly state: StateDict;
  /** By name, what is there and cannot be read. */
  readonly foreign: ReadonlyMap<string, string>;
  /** What people should know of the choice: a sentence each. */
  readonly notes: readonly string[];
}

/** A candidate whose names have something before those of the network. */
interface Alignment {
  readonly candidate: Candidate;
  readonly prefix: string;
  /** Where it is, for people: keys and prefix. */
  readonly label: string;
  /** Tensors of the network that are there with the right shape. */
  readonly score: number;
}

const AVERAGED = /(^|[^a-z])(ema|swa|averag\w*|shadow)([^a-z]|$)/i;

const isAveraged = ({ label, candidate }: Alignment): boolean =>
  AVERAGED.test(label) || [...candidate.tensors.keys()].some((name) => name.endsWith("n_averaged"));

/** The weights that fit best. Where nothing fits, what the file seems to be about, for an error to list it. */
export function chooseWeights(candidates: readonly Candidate[], wanted: WantedWeights): ChosenWeights {
  const all = candidates.flatMap((candidate) => alignmentsOf(candidate, wanted));
  const best = Math.max(0, ...all.map(({ score }) => score));
  if (best === 0) {
    const state = new Map(Array.from(likeliest(candidates, wanted.file), ([name, tensor]) => [name, tensor]));
    return { state, foreign: new Map(), notes: [] };
  }
  const whole = all.filter(({ score }) => best * WHOLE <= score).sort((a, b) => b.score - a.score);
  const raw = whole.filter((alignment) => !isAveraged(alignment));
  // averages may be of the trained part alone: what they lack is as in the other weights
  const averages = all.filter((one) => isAveraged(one) && best * PART <= one.score).sort((a, b) => b.score - a.score);
  return settle(raw, averages, wanted);
}

/** Share of the best score that other whole sets of weights have. */
const WHOLE = 0.95;
const PART = 0.1;

function settle(raw: readonly Alignment[], averages: readonly Alignment[], wanted: WantedWeights): ChosenWeights {
  const { file, averaged = false } = wanted;
  const [first, second] = raw;
  const [average] = averages;
  if (averaged && !average) {
    throw new UserError(
      `"${file}": expected averaged weights (EMA) as --ema-weights asks but there are none in it.`,
      "Leave --ema-weights out.",
    );
  }
  const notes: string[] = [];
  if (first && average) {
    const [taken, left] = averaged ? [average, first] : [first, average];
    const how = averaged ? "leave --ema-weights out to take those" : "--ema-weights takes those";
    notes.push(
      `took ${averaged ? "the averaged" : "the"} weights in ${shown(taken)}; there are ${averaged ? "others" : "averaged ones"} in ${shown(left)}: ${how}`,
    );
  } else if (average) notes.push(`the weights in ${shown(average)} are averaged ones, and the only ones in the file`);
  if (!averaged && first && second) notes.push(`took the weights in ${shown(first)}, not those in ${shown(second)}`);
  const chosen = (averaged ? average : (first ?? average)) as Alignment;
  const { state, foreign, besides } = stripped(chosen);
  const under = averaged && first ? stripped(first).state : new Map<string, StateTensor>();
  const prefixes = new Set([...raw, ...averages].map(({ prefix }) => prefix));
  const others = besides.filter((name) => !beginningsOf(name).some((beginning) => prefixes.has(beginning)));
  if (0 < others.length) notes.push(`left out: ${fewOf(others)}`);
  checkBesides(chosen, others, wanted);
  const merged = new Map([...under, ...state]);
  return { foreign, notes: [...notes, ...flattenHeads(merged, wanted)], state: merged };
}

const shown = ({ label }: Alignment): string => `"${label}"`;

/** `a.` and `a.b.` of `a.b.c`. */
const beginningsOf = (name: string): string[] => [...name.matchAll(/\./g)].map(({ index }) => name.slice(0, index + 1));

/** What is before the network's names: each beginning with which names of the network stand there. */
function alignmentsOf(candidate: Candidate, { expected, heads }: WantedWeights): Alignment[] {
  const scores = new Map<string, number>();
  const isHead = (name: string): boolean => isInLayers(heads, name);
  const longest = Math.max(0, ...Array.from(expected.keys(), ({ length }) => length));
  const count = (given: string, fits: (name: string, shape: Shape) => boolean): void => {
    const name = presentName(given);
    for (let from = 0; ; ) {
      const shape = name.length - from <= longest ? expected.get(name.slice(from)) : undefined;
      if (shape && fits(name.slice(from), shape)) {
        const prefix = name.slice(0, from);
        scores.set(prefix, (scores.get(prefix) ?? 0) + 1);
      }
      from = name.indexOf(".", from) + 1;
      if (from === 0) return;
    }
  };
  for (const [given, tensor] of candidate.tensors)
    count(given, (name, shape) => isHead(name) || sameShape(tensor.shape, shape));
  for (const given of candidate.foreign.keys()) count(given, () => true);
  return Array.from(scores, ([prefix, score]) => {
    const label = [candidate.path, prefix.replace(/\.$/, "")].filter((part) => part !== "").join(".");
    return { candidate, prefix, score, label: label === "" ? "the file itself" : label };
  });
}

/** The tensors under a prefix by the network's names, and what else there is. */
function stripped({ candidate, prefix }: Alignment) {
  const state = new Map<string, StateTensor>();
  const besides: string[] = [];
  for (const [given, tensor] of candidate.tensors) {
    const name = presentName(given);
    if (!name.startsWith(prefix) || isByTheWay(name)) besides.push(name);
    else state.set(name.slice(prefix.length), tensor);
  }
  const foreign = new Map(
    Array.from(candidate.foreign, ([name, kind]) => [presentName(name).slice(prefix.length), kind] as const),
  );
  return { state, foreign, besides };
}

/** Buffers that tools leave in networks and nothing computes with: of averages, of counters of operations, of losses. */
const isByTheWay = (name: string): boolean =>
  /(^|\.)(n_averaged|total_ops|total_params)$|^(criterion|loss|loss_fn|loss_function)\.(weight|pos_weight)$/.test(name);

/** Layers beside the network would answer in its place: whatever is left out must be none. */
function checkBesides(
  { candidate, prefix, label }: Alignment,
  others: readonly string[],
  { file }: WantedWeights,
): void {
  const present = new Map(Array.from(candidate.tensors, ([name, { shape }]) => [presentName(name), shape]));
  const layers = others.filter((name) => name.endsWith(".weight") && 1 < (present.get(name)?.length ?? 0));
  if (layers.length === 0 || prefix === "") return;
  throw new UserError(
    `"${file}": expected one network under "${label}" but there are layers beside it: ${fewOf(layers)}.`,
    "Save the state dict of the network alone; a network of other layers is not one of `ocelli models`.",
  );
}

/** A head in a Sequential, such as Dropout and Linear, is that linear layer, if there is no other. Returns what was done. */
function flattenHeads(state: Map<string, StateTensor>, { expected, heads }: WantedWeights): string[] {
  return heads.flatMap((head) => {
    const shape = expected.get(`${head}.weight`);
    const inside = [...state.keys()].filter((name) => isInLayers([head], name));
    const weights = inside.filter((name) => name.endsWith(".weight"));
    const [name = ""] = weights;
    const layer = name.slice(0, -".weight".length);
    const weight = state.get(name);
    if (!shape || !weight || layer === head || weights.length !== 1) return [];
    const fits = weight.shape.length === shape.length && sameShape(weight.shape.slice(1), shape.slice(1));
    if (!fits || inside.some((other) => other !== name && other !== `${layer}.bias`)) return [];
    for (const part of ["weight", "bias"]) {
      const tensor = state.get(`${layer}.${part}`);
      if (tensor) state.set(`${head}.${part}`, tensor);
      state.delete(`${layer}.${part}`);
    }
    return [`"${layer}" is taken for "${head}", as it is the only layer with weights there`];
  });
}

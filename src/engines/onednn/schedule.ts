import type { Program } from "../../graph/program.ts";
import type { Node, Value } from "../../graph/value.ts";
import type { Fusions } from "./fusions.ts";

/** A node with what it waits for. */
interface Waiting {
  readonly node: Node;
  /** Place in the Program's own order. */
  readonly rank: number;
  /** Nodes on the longest way from here to the end. */
  height: number;
  missing: number;
  readonly readers: Waiting[];
}

/**
 * The nodes of a Program in an order that lets tensors go early: of those that can run, the one with the shortest way to
 * the end comes first. So a weight's gradient and its step follow at once, instead of after the whole backward pass.
 */
export function scheduleNodes(program: Program, { biasGradients }: Fusions): Node[] {
  const all = program.nodes.map((node, rank): Waiting => ({ node, rank, height: 0, missing: 0, readers: [] }));
  const makers = new Map<Value, Waiting>(
    all.flatMap((item) => item.node.outputs.map((value) => [value, item] as const)),
  );
  for (const item of all) {
    for (const maker of new Set(item.node.inputs.flatMap((value) => (value && makers.get(value)) ?? [])))
      putBefore(maker, item);
  }
  const byNode = new Map(all.map((item) => [item.node, item] as const));
  const before = [...stepsAfterReaders(program), ...biasGradients].map((pair) => pair.map((node) => byNode.get(node)));
  for (const [first, then] of before) if (first && then && first.rank < then.rank) putBefore(first, then);
  for (const item of all.toReversed()) item.height = 1 + Math.max(0, ...item.readers.map(({ height }) => height));
  const ready = all.filter(({ missing }) => missing === 0);
  const order: Node[] = [];
  while (0 < ready.length) {
    const next = ready.reduce((best, item) => (comesBefore(item, best) ? item : best));
    ready.splice(ready.indexOf(next), 1);
    order.push(next.node);
    for (const reader of next.readers) if (--reader.missing === 0) ready.push(reader);
  }
  return order;
}

function putBefore(first: Waiting, then: Waiting): void {
  first.readers.push(then);
  then.missing++;
}

/** Pairs of a node that reads a variable and the optimizer's step that changes it: it can do so in place if it comes last. */
function* stepsAfterReaders({ nodes, updates }: Program): Generator<readonly [Node, Node]> {
  const steps = new Map<string, Node>();
  for (const { variable, value } of updates)
    if (value.source.kind === "node") steps.set(variable.name, value.source.node);
  for (const node of nodes) {
    for (const value of node.inputs) {
      const step = value?.source.kind === "variable" ? steps.get(value.source.variable.name) : undefined;
      if (step && step !== node) yield [node, step];
    }
  }
}

const comesBefore = (a: Waiting, b: Waiting): boolean =>
  a.height < b.height || (a.height === b.height && a.rank < b.rank);

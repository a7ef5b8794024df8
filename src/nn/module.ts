/** Modules: parts of a network that know their parameters by the names that PyTorch gives them. */
import { ShapeError } from "../graph/define-op.ts";
import type { Shape, Value } from "../graph/value.ts";
import type { Initialiser } from "./initialisers.ts";
import type { Scope } from "./trace.ts";

/** A parameter or buffer of a module, without its data. */
export interface TensorSpec {
  readonly shape: Shape;
  readonly initialise: Initialiser;
  /** Element type in a state dict; `int64` marks a counter, which is held as a float32 while it is below 2²⁴. */
  readonly dtype?: "float32" | "int64";
}

/** Named tensors, in the order of the state dict. */
export type TensorSpecs = Readonly<Record<string, TensorSpec>>;

/** A part of a network. `Output` is what its forward returns: a value, or several. */
export interface Module<Output = Value> {
  /** Such as `conv2d`; for people. */
  readonly kind: string;
  /** Trained by the optimizer. */
  readonly parameters: TensorSpecs;
  /** State that training changes otherwise, such as running statistics. */
  readonly buffers: TensorSpecs;
  readonly children: Readonly<Record<string, Module<unknown>>>;
  /** Adds the module's ops to the graph; `scope` gives it its parameters. */
  readonly apply: (scope: Scope, x: Value) => Output;
}

/** A module with its place in a network: called on values. */
export type Bound<M> = M extends Module<infer Output> ? (x: Value) => Output : never;

/** Child modules as a forward function sees them. */
export type BoundChildren<Children> = { readonly [Name in keyof Children]: Bound<Children[Name]> };

/**
 * Joins child modules by a forward function. The names of the children are the names of their parameters: child `conv1`
 * has `conv1.weight`.
 */
export function module<const Children extends Readonly<Record<string, Module<unknown>>>, Output = Value>(
  children: Children,
  forward: (x: Value, children: BoundChildren<Children>, scope: Scope) => Output,
): Module<Output> {
  return {
    kind: "module",
    parameters: {},
    buffers: {},
    children,
    apply: (scope, x) => forward(x, bindAll(children, scope), scope),
  };
}

/** A step of a sequence: a module, or a function such as `relu`, which has no parameters. */
export type Step = Module | ((x: Value) => Value);

/** Applies one step after the other. Steps are named "0", "1", … as in PyTorch's `nn.Sequential`. */
export const sequential = (...steps: readonly Step[]): Module => inOrder("sequential", Object.entries(steps));

/** Applies one step after the other, in the order in which they are written; the steps have the names given. */
export const namedSequential = (steps: Readonly<Record<string, Step>>): Module =>
  inOrder("sequential", Object.entries(steps));

function inOrder(kind: string, steps: readonly (readonly [name: string, step: Step])[]): Module {
  const children = Object.fromEntries(
    steps.flatMap(([name, step]) => (typeof step === "function" ? [] : [[name, step] as const])),
  );
  return {
    kind,
    parameters: {},
    buffers: {},
    children,
    apply: (scope, x) => {
      const bound = bindAll(children, scope);
      return steps.reduce((value, [name, step]) => {
        const next = typeof step === "function" ? step : bound[name];
        return next ? next(value) : value;
      }, x);
    },
  };
}

/** A module without parameters that returns what it is given. */
export const identity = (): Module => inOrder("identity", []);

function bindAll<Children extends Readonly<Record<string, Module<unknown>>>>(
  children: Children,
  scope: Scope,
): BoundChildren<Children> {
  const bound = Object.entries(children).map(([name, child]) => [name, bind(child, scope.child(name))] as const);
  return Object.fromEntries(bound) as BoundChildren<Children>;
}

/** The module called in a scope; a shape error names the innermost module in which it arose. */
function bind<Output>(part: Module<Output>, scope: Scope): (x: Value) => Output {
  return (x) => {
    try {
      return part.apply(scope, x);
    } catch (error) {
      if (!(error instanceof ShapeError) || error.message.startsWith(PLACE)) throw error;
      throw new ShapeError(`${PLACE}"${scope.name}": ${error.message}`);
    }
  };
}

const PLACE = "layer ";

/**
 * WebAssembly modules written in TypeScript: each instruction is a function of its operands' code that returns bytes, so
 * that a kernel reads as nested expressions. Only what our kernels need. Binary format and opcodes:
 * https://webassembly.github.io/spec/core/binary/
 */

/** Instructions in binary form; as an operand, they leave one value on the stack. */
export type Code = readonly number[];

/** A local variable or parameter of a function. */
export interface Variable {
  readonly get: Code;
  readonly set: (value: Code) => Code;
  /** Adds to an i32. */
  readonly increase: (by: Code) => Code;
}

/** An exported function with i32 parameters and no result. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  readonly locals: readonly ValueType[];
  readonly body: Code;
}

/** The types that variables have. */
export type ValueType = "i32" | "f64" | "v128";

const TYPES: Readonly<Record<ValueType, number>> = { i32: 0x7f, f64: 0x7c, v128: 0x7b };
const SIMD = 0xfd;
const END = 0x0b;
const EMPTY_BLOCK = 0x40;

/** LEB128 of a whole number ≥ 0. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  return [...bytes, rest];
}

/** LEB128 of a 32-bit integer. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest < -0x40 || rest >= 0x40) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>= 7;
  }
  return [...bytes, rest & 0x7f];
}

const simd = (opcode: number, ...operands: readonly Code[]): Code => [...operands.flat(), SIMD, ...unsigned(opcode)];
/** Immediate operands of a memory access: no hint of alignment, an offset. */
const access = (offset: number): Code => [0, ...unsigned(offset)];

const unary = (opcode: number) => (value: Code) => [...value, opcode];
const binary = (opcode: number) => (a: Code, b: Code) => [...a, ...b, opcode];
const load =
  (opcode: number) =>
  (address: Code, offset = 0) => [...address, opcode, ...access(offset)];
const vectorUnary = (opcode: number) => (value: Code) => simd(opcode, value);
const vectorBinary = (opcode: number) => (a: Code, b: Code) => simd(opcode, a, b);
const vectorLoad =
  (opcode: number) =>
  (address: Code, offset = 0) => [...simd(opcode, address), ...access(offset)];
const storeLane =
  (opcode: number) =>
  (address: Code, value: Code, { lane = 0, offset = 0 } = {}): Code => [
    ...simd(opcode, address, value),
    ...access(offset),
    lane,
  ];

/** 32-bit integers; bytes and 16-bit words in memory are unsigned. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(value)],
  add: binary(0x6a),
  subtract: binary(0x6b),
  multiply: binary(0x6c),
  and: binary(0x71),
  shiftLeft: binary(0x74),
  shiftRight: binary(0x76),
  /** 1 or 0; signed. */
  greater: binary(0x4a),
  /** The first value if the condition is not 0, else the second. */
  select: (first: Code, second: Code, condition: Code): Code => [...first, ...second, ...condition, 0x1b],
  load: load(0x28),
  load8: load(0x2d),
  load16: load(0x2f),
  store8: (address: Code, value: Code): Code => [...address, ...value, 0x3a, ...access(0)],
  fromF64: unary(0xaa),
};

/** Doubles. */
export const f64 = {
  const: (value: number): Code => [0x44, ...new Uint8Array(Float64Array.of(value).buffer)],
  add: binary(0xa0),
  subtract: binary(0xa1),
  multiply: binary(0xa2),
  load: load(0x2b),
  fromI32: unary(0xb7),
};

/** 128-bit vectors of 16 × 8, 8 × 16 or 4 × 32 bits. */
export const v128 = {
  load: vectorLoad(0x00),
  /** 32 bits in each of four lanes. */
  load32Splat: vectorLoad(0x09),
  /** 32 bits in the first lane, zeros in the others. */
  load32Zero: vectorLoad(0x5c),
  store: (address: Code, value: Code): Code => [...simd(0x0b, address, value), ...access(0)],
  store32Lane: storeLane(0x5a),
  store64Lane: storeLane(0x5b),
  /** 16 bytes. */
  const: (bytes: readonly number[]): Code => [SIMD, 0x0c, ...bytes],
  /** The bytes of `value` that `indices` name; 0 for an index above 15. */
  swizzle: vectorBinary(0x0e),
  splatI32: vectorUnary(0x11),
  addI32: vectorBinary(0xae),
  subtractI32: vectorBinary(0xb1),
  multiplyI32: vectorBinary(0xb5),
  /** Arithmetic shift. */
  shiftRightI32: vectorBinary(0xac),
  addF32: vectorBinary(0xe4),
  multiplyF32: vectorBinary(0xe6),
  i32ToF32: vectorUnary(0xfa),
  /** Cuts off, and clamps to what fits. */
  f32ToI32: vectorUnary(0xf8),
  /** Lower or upper half of the lanes as unsigned integers of twice the width. */
  extendLow8: vectorUnary(0x89),
  extendHigh8: vectorUnary(0x8a),
  extendLow16: vectorUnary(0xa9),
  extendHigh16: vectorUnary(0xaa),
  /** Two vectors of signed lanes in one of half the width, clamped to −32768..32767 and to 0..255. */
  narrow32: vectorBinary(0x85),
  narrow16: vectorBinary(0x66),
};

/** Runs `body` once and then as long as `condition` is not 0. */
export const doWhile = (condition: Code, ...body: readonly Code[]): Code => [
  ...[0x03, EMPTY_BLOCK],
  ...body.flat(),
  ...condition,
  ...[0x0d, 0],
  END,
];

/** Runs `body` as often as `counter` says, at least once, and leaves 0 in it. */
export const countDown = (counter: Variable, ...body: readonly Code[]): Code =>
  doWhile(counter.get, ...body, counter.increase(i32.const(-1)));

function variable(index: number): Variable {
  const get = [0x20, ...unsigned(index)];
  const set = (value: Code) => [...value, 0x21, ...unsigned(index)];
  return { get, set, increase: (by) => set(i32.add(get, by)) };
}

/** A function of named i32 parameters and named local variables, which begin as zeros. */
export function wasmFunction<P extends string, L extends string>(
  name: string,
  parameters: readonly P[],
  locals: Readonly<Record<L, ValueType>>,
  body: (variables: Readonly<Record<P | L, Variable>>) => readonly Code[],
): WasmFunction {
  const names = [...parameters, ...(Object.keys(locals) as L[])];
  const variables = Object.fromEntries(names.map((key, index) => [key, variable(index)]));
  return {
    name,
    parameters: parameters.length,
    locals: Object.values(locals),
    body: body(variables as Record<P | L, Variable>).flat(),
  };
}

const sized = (bytes: Code): Code => [...unsigned(bytes.length), ...bytes];
const list = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const text = (value: string): Code => sized([...new TextEncoder().encode(value)]);
const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];

/** A module that exports the functions and its `memory`, which begins with one page. */
export function assemble(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const types = functions.map(({ parameters }) => [0x60, ...list(Array(parameters).fill([TYPES.i32])), 0]);
  const exported = functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]);
  const bodies = functions.map(({ locals, body }) =>
    sized([...list(locals.map((type) => [1, TYPES[type]])), ...body, END]),
  );
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d], // "\0asm"
    ...[1, 0, 0, 0], // version 1
    ...section(1, types),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0x00, 1]]),
    ...section(7, [...exported, [...text("memory"), 0x02, 0]]),
    ...section(10, bodies),
  ]);
}

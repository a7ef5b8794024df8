/**
 * A reader of Python's pickles, protocols 2 to 5, that runs nothing: it knows a closed list of globals, and whatever else
 * a pickle names or makes is kept as a `ForeignObject`, which is only data. Nothing in it takes more memory or time than the
 * pickle has bytes, times a constant.
 */
import { FormatError } from "../format-error.ts";
import type { Cursor } from "./cursor.ts";
import { ForeignGlobal, ForeignObject, isHarmful } from "./foreign.ts";
import { COST, type KeyRoom, MemoryRoom } from "./room.ts";

/** What a pickle holds: plain data, and whatever the globals and the persistent ids are turned into. */
export type PickleValue = unknown;

/** A global of the list: called with the arguments, or a class that is only named. */
export type PickleGlobal = (args: readonly PickleValue[]) => PickleValue;

/** What a pickle may refer to. */
export interface PickleContext {
  /** The list: by module and name, joined by a dot. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** What a persistent id stands for. */
  readonly persistent: (id: PickleValue) => PickleValue;
  /** Of all pickles of the file. */
  readonly keys: KeyRoom;
}

const MARK = Symbol("mark");
const MAX_STACK = 1_000_000;
/** Tensors are outside the pickle, and the rest of a checkpoint is small. */
const MAX_BYTES = 2 ** 24;
const MAX_INTEGER_BYTES = 64;

interface Machine {
  readonly context: PickleContext;
  readonly reader: Cursor;
  readonly from: number;
  readonly stack: PickleValue[];
  readonly memo: PickleValue[];
  readonly room: MemoryRoom;
}

/**
 * The value of the pickle that begins where `cursor` is, which ends after it. It may hold itself and be nested to any
 * depth, so nothing may walk through it that does not know what it looks for.
 */
export function unpickle(cursor: Cursor, context: PickleContext): PickleValue {
  const machine: Machine = {
    ...{ context, reader: cursor, from: cursor.at },
    ...{ stack: [], memo: [], room: new MemoryRoom() },
  };
  const end = cursor.at + MAX_BYTES;
  while (cursor.at < end) {
    const opcode = cursor.uint8();
    if (opcode === STOP) return pop(machine);
    const perform = OPCODES[opcode];
    if (!perform) throw new FormatError(`its pickle has opcode 0x${opcode.toString(16)}, which is not one of data`);
    perform(machine);
    if (MAX_STACK < machine.stack.length) throw new FormatError("its pickle is nested too deeply");
  }
  throw new FormatError(`its pickle has more than ${MAX_BYTES} bytes`);
}

/** Takes memory for a value and returns it. */
function costing<Value>(machine: Machine, memory: number, value: Value): Value {
  machine.room.spend(memory, machine.reader.at - machine.from);
  return value;
}

const broken = (what: string): FormatError => new FormatError(`its pickle is damaged: ${what}`);

function pop({ stack }: Machine): PickleValue {
  const value = stack.pop();
  if (value === undefined || value === MARK) throw broken("the stack is empty");
  return value;
}

function top({ stack }: Machine): PickleValue {
  const value = stack.at(-1);
  if (value === undefined || value === MARK) throw broken("the stack is empty");
  return value;
}

/** What was pushed since the last mark. */
function popMark(machine: Machine): PickleValue[] {
  const { stack } = machine;
  const mark = stack.lastIndexOf(MARK);
  if (mark < 0) throw broken("a mark is missing");
  const values = stack.splice(mark);
  return costing(machine, COST.list + COST.item * values.length, values.slice(1));
}

function popMany(machine: Machine, count: number): PickleValue[] {
  const values = machine.stack.splice(machine.stack.length - count);
  if (values.length !== count || values.includes(MARK)) throw broken("the stack is empty");
  return values;
}

function setItems(machine: Machine, items: readonly PickleValue[]): void {
  const given = top(machine);
  if (given instanceof ForeignObject) given.entries ??= new Map();
  const target = given instanceof ForeignObject ? given.entries : given;
  if (!(target instanceof Map) || items.length % 2 !== 0) throw broken("items are set on what is no dictionary");
  for (let i = 0; i < items.length; i += 2) {
    machine.context.keys.spend(items[i], target.size);
    target.set(costing(machine, COST.pair, items[i]), items[i + 1]);
  }
}

function append(machine: Machine, items: readonly PickleValue[]): void {
  const given = top(machine);
  if (given instanceof ForeignObject) given.items ??= [];
  const target = given instanceof ForeignObject ? given.items : given;
  if (!Array.isArray(target)) throw broken("items are appended to what is no list");
  for (const item of items) target.push(costing(machine, COST.item, item));
}

/** How much of the name of a refused global is shown. */
const SHOWN = 200;

function pushGlobal(machine: Machine, module: PickleValue, name: PickleValue): void {
  if (typeof module !== "string" || typeof name !== "string") throw broken("a name is not text");
  const path = `${module.slice(0, SHOWN)}.${name.slice(0, SHOWN)}`; // none that is known is as long
  const known = machine.context.globals.get(path);
  if (!known && isHarmful(module, name))
    throw new FormatError(`it asks for "${path}"`, { forbidden: path.slice(0, SHOWN) });
  machine.stack.push(known ?? costing(machine, COST.object, new ForeignGlobal(path.slice(0, SHOWN))));
}

/** What a known global makes of arguments, or an object that is nothing but what it would be made of. */
function made(machine: Machine, callable: PickleValue, args: PickleValue): PickleValue {
  if (!Array.isArray(args)) throw broken("something is called that is no global");
  if (typeof callable === "function") return (callable as PickleGlobal)(costing(machine, costOfCall(args), args));
  if (callable instanceof ForeignGlobal) return costing(machine, COST.object, new ForeignObject(callable.path, args));
  if (callable instanceof ForeignObject) return costing(machine, COST.object, new ForeignObject(callable.type, args));
  throw broken("something is called that is no global");
}

/** What is called may copy the lists that it is given. */
const costOfCall = (args: readonly PickleValue[]): number =>
  COST.call + COST.pair * args.reduce<number>((sum, arg) => sum + (Array.isArray(arg) ? arg.length : 0), args.length);

/** REDUCE and NEWOBJ: a class or function, then its arguments. */
function reduce(machine: Machine): void {
  const args = pop(machine);
  const callable = pop(machine);
  machine.stack.push(made(machine, callable, args));
}

/** NEWOBJ_EX, whose keyword arguments are left out. */
function reduceKeywords(machine: Machine): void {
  pop(machine);
  reduce(machine);
}

function extension(machine: Machine, code: number): void {
  machine.stack.push(costing(machine, COST.object, new ForeignGlobal(`extension ${code}`)));
}

/** A little-endian two's complement integer; a bigint where a number would not be exact. */
function longInteger(reader: Cursor, length: number): number | bigint {
  if (MAX_INTEGER_BYTES < length) throw new FormatError(`an integer in its pickle has ${length} bytes`);
  const bytes = reader.bytes(length);
  let value = 0n;
  for (const byte of [...bytes].reverse()) value = (value << 8n) | BigInt(byte);
  const signed = BigInt.asIntN(Math.max(8, bytes.length * 8), value);
  const number = Number(signed);
  return Number.isSafeInteger(number) ? number : signed;
}

/** Picklers count what they remember, from 0 or 1, so that no number is larger than the pickle. */
function remember(machine: Machine, index: number): void {
  if (machine.reader.at - machine.from < index) throw broken(`memo ${index} is out of range`);
  machine.memo[index] = costing(machine, COST.item, top(machine));
}

function recall({ memo, stack }: Machine, index: number): void {
  const value = memo[index];
  if (value === undefined) throw broken(`memo ${index} is empty`);
  stack.push(value);
}

const push =
  (read: (reader: Cursor) => PickleValue, memory = 0) =>
  (machine: Machine): void =>
    void machine.stack.push(costing(machine, memory, read(machine.reader)));

const bytes = (readLength: (reader: Cursor) => number): ((machine: Machine) => void) =>
  push((reader) => reader.bytes(readLength(reader)).slice(), COST.bytes);

const list = push(() => [], COST.list);

const tuple =
  (count: number) =>
  (machine: Machine): void =>
    void machine.stack.push(costing(machine, COST.list + COST.item * count, popMany(machine, count)));

/** The state that an object is built with. Attributes of dictionaries (`_metadata`), lists and tensors are left out. */
function build(machine: Machine): void {
  const state = pop(machine);
  const target = top(machine);
  if (target instanceof ForeignObject) target.build(state);
  else if (typeof target !== "object" || target === null) throw broken("an object is built that is none");
}

const STOP = 0x2e;
const MAX_PROTOCOL = 5;

function protocol({ reader }: Machine): void {
  const version = reader.uint8();
  if (MAX_PROTOCOL < version) throw new FormatError(`protocol ${version} is not known`);
}

/** By opcode; see Python's pickletools for their definitions. */
const OPCODES: Readonly<Record<number, (machine: Machine) => void>> = {
  128: protocol,
  149: ({ reader }) => void reader.skip(8), // FRAME
  40: ({ stack }) => void stack.push(MARK),
  48: (machine) => void pop(machine),
  49: (machine) => void popMark(machine),
  78: push(() => null),
  136: push(() => true),
  137: push(() => false),
  74: push((reader) => reader.int32()),
  75: push((reader) => reader.uint8()),
  77: push((reader) => reader.uint16()),
  138: push((reader) => longInteger(reader, reader.uint8())),
  139: push((reader) => longInteger(reader, reader.int32())),
  71: push((reader) => reader.float64()),
  88: push((reader) => reader.text(reader.uint32())),
  140: push((reader) => reader.text(reader.uint8())),
  141: push((reader) => reader.text(reader.uint64())),
  84: push((reader) => reader.text(reader.int32())), // BINSTRING
  85: push((reader) => reader.text(reader.uint8())), // SHORT_BINSTRING
  66: bytes((reader) => reader.uint32()),
  67: bytes((reader) => reader.uint8()),
  142: bytes((reader) => reader.uint64()), // BINBYTES8
  150: bytes((reader) => reader.uint64()), // BYTEARRAY8
  143: list, // EMPTY_SET
  144: (machine) => append(machine, popMark(machine)), // ADDITEMS
  145: (machine) => void machine.stack.push(popMark(machine)), // FROZENSET
  93: list,
  41: list, // the tuple of nothing
  125: push(() => new Map(), COST.dictionary),
  116: (machine) => void machine.stack.push(popMark(machine)),
  133: tuple(1),
  134: tuple(2),
  135: tuple(3),
  108: (machine) => void machine.stack.push(popMark(machine)), // LIST
  97: (machine) => append(machine, [pop(machine)]),
  101: (machine) => append(machine, popMark(machine)),
  115: (machine) => setItems(machine, popMany(machine, 2)),
  117: (machine) => setItems(machine, popMark(machine)),
  99: (machine) => pushGlobal(machine, machine.reader.line(), machine.reader.line()),
  147: (machine) => {
    const [module, name] = popMany(machine, 2);
    pushGlobal(machine, module, name);
  },
  50: (machine) => void machine.stack.push(top(machine)), // DUP
  82: reduce,
  129: reduce, // NEWOBJ
  130: (machine) => extension(machine, machine.reader.uint8()),
  131: (machine) => extension(machine, machine.reader.uint16()),
  132: (machine) => extension(machine, machine.reader.int32()),
  146: reduceKeywords,
  98: build,
  81: (machine) => void machine.stack.push(costing(machine, COST.call, machine.context.persistent(pop(machine)))),
  113: (machine) => remember(machine, machine.reader.uint8()),
  114: (machine) => remember(machine, machine.reader.uint32()),
  148: (machine) => remember(machine, machine.memo.length),
  104: (machine) => recall(machine, machine.reader.uint8()),
  106: (machine) => recall(machine, machine.reader.uint32()),
};

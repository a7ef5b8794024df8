/** The globals that pickles of PyTorch may name, and what they are turned into. */
import { FormatError } from "../format-error.ts";
import { type ElementName, isStateTensor, type StateTensor } from "../tensor.ts";
import { ForeignObject } from "./foreign.ts";
import { numpyGlobals } from "./numpy.ts";
import type { PickleContext, PickleGlobal, PickleValue } from "./pickle.ts";
import { KeyRoom } from "./room.ts";
import { type OpaqueElements, rebuildTensor } from "./storage.ts";

/** Element types as the classes of storages and, in the oldest files, of tensors are named in pickles. */
const ELEMENTS: Readonly<Record<string, ElementName>> = {
  Float: "float32",
  Double: "float64",
  Half: "float16",
  BFloat16: "bfloat16",
  Long: "int64",
  Int: "int32",
  Short: "int16",
  Char: "int8",
  Byte: "uint8",
  Bool: "bool",
};

/** Element types that networks here do not have. */
const OPAQUE: Readonly<Record<string, OpaqueElements>> = {
  QInt8: { type: "qint8", bytes: 1 },
  QUInt8: { type: "quint8", bytes: 1 },
  QInt32: { type: "qint32", bytes: 4 },
  QUInt4x2: { type: "quint4x2", bytes: 1 },
  QUInt2x4: { type: "quint2x4", bytes: 1 },
  ComplexFloat: { type: "complex64", bytes: 8 },
  ComplexDouble: { type: "complex128", bytes: 16 },
  Untyped: { type: "bytes", bytes: 1 },
};

/** The name of the storage class of an element type. */
export const storageClass = (dtype: ElementName): string => {
  const [name = "Float"] = Object.entries(ELEMENTS).find(([, element]) => element === dtype) ?? [];
  return `${name}Storage`;
};

const storageDtypes = new Map<PickleValue, ElementName | OpaqueElements>();

/** The element type of a storage class that a pickle named. */
export function storageDtype(storageClassValue: PickleValue): ElementName | OpaqueElements {
  const dtype = storageDtypes.get(storageClassValue);
  if (!dtype) throw new FormatError("a storage in it has no element type");
  return dtype;
}

/** A class that is only named and never called. */
const named = (): PickleGlobal => () => {
  throw new FormatError("a class in it is called");
};

const CLASSES = Object.entries({ ...ELEMENTS, ...OPAQUE }).flatMap(([name, dtype]) =>
  ["torch", "torch.cuda", "torch.storage"].flatMap((module): [string, PickleGlobal][] => {
    const storage = named();
    storageDtypes.set(storage, dtype);
    return [
      [`${module}.${name}Storage`, storage],
      [`${module}.${name}Tensor`, named()],
    ];
  }),
);

function rebuildParameter([tensor]: readonly PickleValue[]): StateTensor | ForeignObject {
  if (!isStateTensor(tensor) && !(tensor instanceof ForeignObject))
    throw new FormatError("a parameter in it has no tensor");
  return tensor;
}

/** A quantised tensor: (storage, offset, shape, strides, quantiser, …). */
function rebuildQuantised(args: readonly PickleValue[]): ForeignObject {
  const tensor = rebuildTensor(args);
  return tensor instanceof ForeignObject ? tensor : new ForeignObject("tensor", args);
}

const REBUILDERS: readonly (readonly [name: string, PickleGlobal])[] = [
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch._utils._rebuild_parameter_with_state", rebuildParameter],
  ["torch._utils._rebuild_qtensor", rebuildQuantised],
  ["torch.nn.parameter.Parameter", rebuildParameter],
];

/** A tensor with attributes, or of a subclass: (rebuilder, class, its arguments, attributes). */
function rebuildFromType(args: readonly PickleValue[]): PickleValue {
  const [rebuilder, , own] = args;
  const known = REBUILDERS.find(([, rebuild]) => rebuild === rebuilder);
  return known && Array.isArray(own) ? known[1](own) : new ForeignObject("tensor", args);
}

const MAX_DEVICE = 100;

function device(args: readonly PickleValue[]): string {
  const isPart = (part: PickleValue): boolean =>
    typeof part === "number" || (typeof part === "string" && part.length < MAX_DEVICE);
  if (2 < args.length || !args.every(isPart)) throw new FormatError("a device in it is described wrongly");
  return args.join(":");
}

/** Copies of what stands in pickles take no more. */
const MAX_COPIED = 2 ** 25;

/** What is given, or an empty list. */
const items = ([given]: readonly PickleValue[]): PickleValue => given ?? [];

function orderedDict([pairs]: readonly PickleValue[], keys: KeyRoom): Map<PickleValue, PickleValue> {
  const entries = new Map<PickleValue, PickleValue>();
  if (pairs === undefined) return entries;
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw new FormatError("a dictionary in it is described wrongly");
  for (const [key, value] of pairs as [PickleValue, PickleValue][]) {
    keys.spend(key, entries.size);
    entries.set(key, value);
  }
  return entries;
}

/** What the pickles of one file may refer to; `persistent` says what a persistent id stands for. */
export function pickleContext(persistent: PickleContext["persistent"]): PickleContext {
  const keys = new KeyRoom();
  return { globals: torchGlobals(keys), persistent, keys };
}

/** The closed list, for the pickles of one file. */
function torchGlobals(keys: KeyRoom): ReadonlyMap<string, PickleGlobal> {
  return new Map<string, PickleGlobal>([
    ["collections.OrderedDict", (args) => orderedDict(args, keys)],
    ...REBUILDERS,
    ["torch._tensor._rebuild_from_type_v2", rebuildFromType],
    ["collections.defaultdict", () => new Map()],
    ["collections.Counter", ([counts]) => (counts instanceof Map ? counts : new Map())],
    ...["builtins", "__builtin__"].flatMap((module): [string, PickleGlobal][] => [
      [`${module}.set`, items],
      [`${module}.frozenset`, items],
      [`${module}.list`, items],
      [`${module}.dict`, ([entries]) => (entries instanceof Map ? entries : new Map())],
    ]),
    ...numpyGlobals({ bytes: MAX_COPIED }),
    ["torch.Size", items],
    ["torch.device", device],
    ...CLASSES,
  ]);
}

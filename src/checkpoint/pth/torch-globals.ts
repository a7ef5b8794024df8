/** The globals that pickles of PyTorch may name, and what they are turned into. */
import { FormatError } from "../format-error.ts";
import { type ElementName, isStateTensor, type StateTensor } from "../tensor.ts";
import type { PickleGlobal, PickleValue } from "./pickle.ts";
import { rebuildTensor } from "./storage.ts";

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

/** The name of the storage class of an element type. */
export const storageClass = (dtype: ElementName): string => {
  const [name = "Float"] = Object.entries(ELEMENTS).find(([, element]) => element === dtype) ?? [];
  return `${name}Storage`;
};

const storageDtypes = new Map<PickleValue, ElementName>();

/** The element type of a storage class that a pickle named. */
export function storageDtype(storageClassValue: PickleValue): ElementName {
  const dtype = storageDtypes.get(storageClassValue);
  if (!dtype) throw new FormatError("a storage in it has no element type");
  return dtype;
}

/** A class that is only named and never called. */
const named = (): PickleGlobal => () => {
  throw new FormatError("a class in it is called");
};

const CLASSES = Object.entries(ELEMENTS).flatMap(([name, dtype]) =>
  ["torch", "torch.cuda"].flatMap((module): [string, PickleGlobal][] => {
    const storage = named();
    storageDtypes.set(storage, dtype);
    return [
      [`${module}.${name}Storage`, storage],
      [`${module}.${name}Tensor`, named()],
    ];
  }),
);

function rebuildParameter([tensor]: readonly PickleValue[]): StateTensor {
  if (!isStateTensor(tensor)) throw new FormatError("a parameter in it has no tensor");
  return tensor;
}

function device(args: readonly PickleValue[]): string {
  if (2 < args.length || !args.every((part) => typeof part === "string" || typeof part === "number"))
    throw new FormatError("a device in it is described wrongly");
  return args.join(":");
}

/** No list of pairs, or all of them together, is longer: one list may be named many times. */
const MAX_PAIRS = 2 ** 22;

function orderedDict([pairs]: readonly PickleValue[], room: { pairs: number }): Map<PickleValue, PickleValue> {
  if (pairs === undefined) return new Map();
  room.pairs -= Array.isArray(pairs) ? pairs.length : 0;
  if (room.pairs < 0 || !Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw new FormatError("a dictionary in it is described wrongly");
  return new Map(pairs as [PickleValue, PickleValue][]);
}

/** The closed list, for the pickles of one file. */
export function torchGlobals(): ReadonlyMap<string, PickleGlobal> {
  const room = { pairs: MAX_PAIRS };
  return new Map<string, PickleGlobal>([
    ["collections.OrderedDict", (args) => orderedDict(args, room)],
    ["torch._utils._rebuild_tensor", rebuildTensor],
    ["torch._utils._rebuild_tensor_v2", rebuildTensor],
    ["torch._utils._rebuild_parameter", rebuildParameter],
    ["torch.nn.parameter.Parameter", rebuildParameter],
    ["torch.Size", ([sizes]) => sizes],
    ["torch.device", device],
    ...CLASSES,
  ]);
}

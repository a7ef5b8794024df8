/** The globals that pickles of PyTorch may name, and what they are turned into. */
import { sizeOf } from "../graph/value.ts";
import { PickleError, type PickleGlobal, type PickleValue } from "./pickle.ts";
import { ELEMENT_ARRAYS, type ElementData, type ElementName, isStateTensor, type StateTensor } from "./tensor.ts";

/** The memory that tensors are views of. */
export interface Storage {
  readonly dtype: ElementName;
  readonly data: ElementData;
}

/** Storage classes by element type, as they are named in pickles. */
const STORAGES: Readonly<Record<string, ElementName>> = {
  FloatStorage: "float32",
  DoubleStorage: "float64",
  HalfStorage: "float16",
  BFloat16Storage: "bfloat16",
  LongStorage: "int64",
  IntStorage: "int32",
  ShortStorage: "int16",
  CharStorage: "int8",
  ByteStorage: "uint8",
  BoolStorage: "bool",
};

/** The name of the storage class of an element type. */
export const storageClass = (dtype: ElementName): string =>
  Object.entries(STORAGES).find(([, element]) => element === dtype)?.[0] ?? "FloatStorage";

const storageDtypes = new Map<PickleValue, ElementName>();

/** The element type of a storage class that a pickle named. */
export function storageDtype(storageClassValue: PickleValue): ElementName {
  const dtype = storageDtypes.get(storageClassValue);
  if (!dtype) throw new PickleError("a storage has no element type");
  return dtype;
}

/** A storage class, which is only named and never called. */
function storageGlobal(dtype: ElementName): PickleGlobal {
  const global: PickleGlobal = () => {
    throw new PickleError("a storage is called");
  };
  storageDtypes.set(global, dtype);
  return global;
}

/** Elements of the file's bytes, copied so that they are aligned. */
export function storageOf(dtype: ElementName, bytes: Uint8Array, count: number): Storage {
  const ElementArray = ELEMENT_ARRAYS[dtype];
  if (bytes.length !== count * ElementArray.BYTES_PER_ELEMENT) {
    throw new PickleError(`a storage of ${count} elements of ${dtype} has ${bytes.length} bytes`);
  }
  const copy = new Uint8Array(bytes);
  return { dtype, data: new ElementArray(copy.buffer) };
}

const isSizes = (value: PickleValue): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && 0 <= size);

const isStorage = (value: PickleValue): value is Storage =>
  typeof value === "object" && value !== null && "dtype" in value && "data" in value && !("shape" in value);

/** Expanded views may be larger than what they show, within reason. */
const MAX_EXPANDED = 1 << 24;

/** The tensor of (storage, offset, shape, strides, …); one that is not contiguous is copied into order. */
function rebuildTensor([storage, offset, shape, strides]: readonly PickleValue[]): StateTensor {
  if (
    !isStorage(storage) ||
    !isSizes([offset]) ||
    !isSizes(shape) ||
    !isSizes(strides) ||
    shape.length !== strides.length
  )
    throw new PickleError("a tensor is described wrongly");
  const start = offset as number;
  const size = sizeOf(shape);
  const last = size === 0 ? -1 : shape.reduce((sum, count, axis) => sum + (count - 1) * (strides[axis] ?? 0), start);
  if (storage.data.length <= last || Math.max(storage.data.length, MAX_EXPANDED) < size)
    throw new PickleError(`a tensor of shape [${shape.join(", ")}] is larger than its storage`);
  const { dtype } = storage;
  if (isContiguous(shape, strides)) return { dtype, shape, data: storage.data.slice(start, start + size) };
  const data = new ELEMENT_ARRAYS[dtype](size);
  copyStrided(storage.data, data, { start, shape, strides });
  return { dtype, shape, data };
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; 0 <= axis; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function copyStrided(
  from: ElementData,
  to: ElementData,
  { start, shape, strides }: { start: number; shape: readonly number[]; strides: readonly number[] },
): void {
  const index = shape.map(() => 0);
  let at = start;
  for (let i = 0; i < to.length; i++) {
    to[i] = from[at]!;
    for (let axis = shape.length - 1; 0 <= axis; axis--) {
      index[axis]!++;
      at += strides[axis]!;
      if (index[axis]! < shape[axis]!) break;
      at -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
}

function rebuildParameter([tensor]: readonly PickleValue[]): StateTensor {
  if (!isStateTensor(tensor)) throw new PickleError("a parameter has no tensor");
  return tensor;
}

function orderedDict([pairs]: readonly PickleValue[]): Map<PickleValue, PickleValue> {
  if (pairs === undefined) return new Map();
  if (!Array.isArray(pairs) || !pairs.every((pair) => Array.isArray(pair) && pair.length === 2))
    throw new PickleError("a dictionary is described wrongly");
  return new Map(pairs as [PickleValue, PickleValue][]);
}

/** The closed list. */
export const TORCH_GLOBALS: ReadonlyMap<string, PickleGlobal> = new Map<string, PickleGlobal>([
  ["collections.OrderedDict", orderedDict],
  ["torch._utils._rebuild_tensor", rebuildTensor],
  ["torch._utils._rebuild_tensor_v2", rebuildTensor],
  ["torch._utils._rebuild_parameter", rebuildParameter],
  ["torch.Size", ([sizes]) => sizes],
  ["torch.device", (args) => args.join(":")],
  ...Object.entries(STORAGES).map(([name, dtype]) => [`torch.${name}`, storageGlobal(dtype)] as const),
]);

/** The memory that the tensors of a `.pth` file are views of. */
import { sizeOf } from "../../graph/value.ts";
import { FormatError } from "../format-error.ts";
import { ELEMENT_ARRAYS, type ElementData, type ElementName, type StateTensor } from "../tensor.ts";
import { ForeignObject } from "./foreign.ts";
import type { PickleValue } from "./pickle.ts";

/** Memory of `count` elements. Its views get their data when the file has been understood, by `fillStorage`. */
export interface Storage {
  readonly dtype: ElementName;
  readonly count: number;
  readonly views: View[];
  /** Of elements that are no tensor's here (quantised, complex): their type and bytes each. */
  readonly opaque?: OpaqueElements;
}

/** Elements that are passed over. */
export interface OpaqueElements {
  readonly type: string;
  readonly bytes: number;
}

/** Elements `offset` … `offset + count − 1` of a storage; as a rule, all. */
export interface StoragePart {
  readonly storage: Storage;
  readonly offset: number;
  readonly count: number;
}

/** A tensor whose data is not there yet, and where in its storage it lies. */
interface View {
  readonly tensor: { data: ElementData };
  readonly start: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** A storage that no tensor is a view of yet. */
export const createStorage = (elements: ElementName | OpaqueElements, count: number): Storage =>
  typeof elements === "string"
    ? { dtype: elements, count, views: [] }
    : { dtype: "uint8", count, views: [], opaque: elements };

/** All of a storage. */
export const wholeStorage = (storage: Storage): StoragePart => ({ storage, offset: 0, count: storage.count });

/** Some of a part; more than it has is a `FormatError`. */
export function partOf({ storage, offset, count }: StoragePart, from: number, length: number): StoragePart {
  if (!isSizes([from, length]) || count < from + length) throw new FormatError("a view is larger than its storage");
  return { storage, offset: offset + from, count: length };
}

/** Bytes that a storage has in a file. */
export const storageBytes = ({ dtype, count, opaque }: Storage): number =>
  count * (opaque?.bytes ?? ELEMENT_ARRAYS[dtype].BYTES_PER_ELEMENT);

/** PyTorch has no tensors of more dimensions. */
const MAX_RANK = 64;

const isSizes = (value: PickleValue): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && 0 <= size);

const isStoragePart = (value: PickleValue): value is StoragePart =>
  typeof value === "object" && value !== null && "storage" in value;

/** The tensor of (storage, offset, shape, strides, …), without its data; foreign if its elements are. */
export function rebuildTensor(args: readonly PickleValue[]): StateTensor | ForeignObject {
  const [part] = args;
  if (part instanceof ForeignObject) return new ForeignObject("tensor", args);
  return isStoragePart(part) && part.storage.opaque
    ? new ForeignObject(`tensor of ${part.storage.opaque.type}`)
    : placeTensor(args);
}

/** The same of elements that are known. */
export function placeTensor([part, offset, shape, strides]: readonly PickleValue[]): StateTensor {
  if (!isStoragePart(part) || !isSizes([offset]) || !Array.isArray(shape) || MAX_RANK < shape.length)
    throw new FormatError("a tensor in it is described wrongly");
  if (!Array.isArray(strides) || strides.length !== shape.length || !isSizes(shape) || !isSizes(strides))
    throw new FormatError("a tensor in it is described wrongly");
  const { dtype, views } = part.storage;
  const from = offset as number;
  const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (strides[axis] ?? 0), from);
  const size = sizeOf(shape);
  if (!Number.isSafeInteger(size) || (0 < size && part.count <= last))
    throw new FormatError(`a tensor of shape [${shape.join(", ")}] is larger than its storage`);
  const tensor = { dtype, shape: [...shape], data: new ELEMENT_ARRAYS[dtype](0) }; // a copy: the pickle may go on to change its list
  views.push({ tensor, start: 0 < size ? part.offset + from : 0, shape: tensor.shape, strides: [...strides] });
  return tensor;
}

/** Bytes that may still be spent on copies of tensors. */
export interface CopyBudget {
  left: number;
}

/** Copies may take as much as the file, and this much more. */
const COPY_SLACK = 2 ** 24;

/** What the tensors of a file of `bytes` bytes may take besides their storages. */
export const copyBudget = (bytes: number): CopyBudget => ({ left: bytes + COPY_SLACK });

/**
 * Gives the tensors of a storage their data, of which `bytes` are all and which nobody else holds. A tensor whose
 * elements lie in order shares the memory; others are copied into order.
 */
export function fillStorage(
  { dtype, count, views }: Storage,
  bytes: Uint8Array<ArrayBuffer>,
  budget: CopyBudget,
): void {
  if (views.length === 0) return;
  const data = new ELEMENT_ARRAYS[dtype](bytes.buffer, bytes.byteOffset, count);
  for (const { tensor, start, shape, strides } of views) {
    const size = sizeOf(shape);
    if (size === count && isContiguous(shape, strides)) tensor.data = data;
    else if (size === 0 || isContiguous(shape, strides)) tensor.data = data.subarray(start, start + size);
    else {
      budget.left -= size * data.BYTES_PER_ELEMENT;
      if (budget.left < 0) throw new FormatError("its tensors are far larger than the file");
      tensor.data = new ELEMENT_ARRAYS[dtype](size);
      copyStrided(data, tensor.data, { start, shape, strides });
    }
  }
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

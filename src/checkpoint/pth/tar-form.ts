/** `.pth` files of PyTorch before 0.1.7: a tar archive of storages, tensors, one pickle, and notes about the machine. */
import type { ByteSource } from "../byte-source.ts";
import { FormatError } from "../format-error.ts";
import type { StateTensor } from "../tensor.ts";
import { Cursor } from "./cursor.ts";
import { type PickleContext, type PickleValue, unpickle } from "./pickle.ts";
import { checkByteOrder } from "./pickle-form.ts";
import {
  copyBudget,
  createStorage,
  fillStorage,
  partOf,
  placeTensor,
  type Storage,
  type StoragePart,
  storageBytes,
  wholeStorage,
} from "./storage.ts";
import { readTar, type TarMember } from "./tar.ts";
import { pickleContext, storageDtype } from "./torch-globals.ts";

/** More than any network has. */
const MAX_TENSORS = 2 ** 20;
const MAX_RANK = 64;

interface PlacedStorage {
  readonly storage: Storage;
  /** Where its bytes are. */
  readonly from: number;
}

/** Objects by the numbers that the file names them with, as text: see `KeyRoom` for what numbers could do. */
interface Objects {
  readonly storages: Map<string, StoragePart>;
  readonly tensors: Map<string, StateTensor>;
}

/** What a file of this form holds. Its storages are read one by one. */
export function decodeTarForm(source: ByteSource): PickleValue {
  const members = readTar(source);
  const cursorOf = (name: string): Cursor => {
    const member: TarMember | undefined = members.get(name);
    if (!member) throw new FormatError(`the archive has no "${name}"`);
    return new Cursor(source, member.from, member.end);
  };
  const objects: Objects = { storages: new Map(), tensors: new Map() };
  const context = pickleContext((id) => objectOfId(id, objects));
  if (members.has("sys_info")) checkByteOrder(unpickle(cursorOf("sys_info"), context));
  const placed = readStorages(cursorOf("storages"), context, objects);
  readTensors(cursorOf("tensors"), context, objects);
  const value = unpickle(cursorOf("pickle"), context);
  const budget = copyBudget(source.size);
  for (const { storage, from } of placed) fillStorage(storage, source.read(from, storageBytes(storage)), budget);
  return value;
}

function objectOfId(id: PickleValue, { storages, tensors }: Objects): StateTensor | StoragePart {
  const number = typeof id === "string" && id.length < 30 ? Number(id) : id;
  const key = typeof number === "number" ? keyOf(number) : "";
  const object = tensors.get(key) ?? storages.get(key);
  if (!object) throw new FormatError("its pickle names a tensor that is not there");
  return object;
}

/** A count; per storage (key, device, class), its number of elements and its bytes; then views of storages. */
function readStorages(cursor: Cursor, context: PickleContext, { storages }: Objects): PlacedStorage[] {
  const count = countOf(unpickle(cursor, context));
  const placed = Array.from({ length: count }, (): PlacedStorage => {
    const [key, , storageClass] = items(unpickle(cursor, context));
    const storage = createStorage(storageDtype(storageClass), sizeOf(cursor));
    storages.set(keyOf(key), wholeStorage(storage));
    return { storage, from: cursor.skip(storageBytes(storage)) };
  });
  for (const view of items(unpickle(cursor, context))) {
    const [key, rootKey, offset, length] = items(view);
    const root = storages.get(keyOf(rootKey));
    if (!root) throw new FormatError("a view is of a storage that is not there");
    storages.set(keyOf(key), partOf(root, numberOf(offset), numberOf(length)));
  }
  return placed;
}

/** A count; per tensor (key, key of its storage, class), rank as 8 bytes, sizes, strides and offset as int64. */
function readTensors(cursor: Cursor, context: PickleContext, { storages, tensors }: Objects): void {
  const count = countOf(unpickle(cursor, context));
  for (let i = 0; i < count; i++) {
    const [key, storageKey] = items(unpickle(cursor, context));
    const rank = cursor.int32();
    cursor.skip(4);
    if (rank < 0 || MAX_RANK < rank) throw new FormatError("a tensor in it is described wrongly");
    const shape = Array.from({ length: rank }, () => sizeOf(cursor));
    const strides = Array.from({ length: rank }, () => sizeOf(cursor));
    const part = storages.get(keyOf(storageKey));
    tensors.set(keyOf(key), placeTensor([part, sizeOf(cursor), shape, strides]));
  }
}

const items = (value: PickleValue): readonly PickleValue[] => (Array.isArray(value) ? value : []);

function sizeOf(cursor: Cursor): number {
  const size = cursor.int64();
  if (size < 0) throw new FormatError("a size in it is negative");
  return size;
}

const keyOf = (value: PickleValue): string => `#${numberOf(value)}`;

function numberOf(value: PickleValue): number {
  if (typeof value !== "number") throw new FormatError("a number in it is missing");
  return value;
}

function countOf(value: PickleValue): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || MAX_TENSORS < value)
    throw new FormatError("a count in it is out of range");
  return value;
}

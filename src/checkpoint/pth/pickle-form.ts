/** `.pth` files of PyTorch 0.1.7 to 1.5, and official ones that are still used: pickles, then the storages' bytes. */
import type { ByteSource } from "../byte-source.ts";
import { FormatError } from "../format-error.ts";
import { Cursor } from "./cursor.ts";
import { type PickleValue, unpickle } from "./pickle.ts";
import { copyBudget, fillStorage, partOf, type StoragePart, storageBytes, wholeStorage } from "./storage.ts";
import { pickleContext } from "./torch-globals.ts";
import { persistentObject, storageOfId } from "./zip-form.ts";

const MAGIC = 0x1950a86a20f9469cfc6cn;
const VERSION = 1001;

const SAVE_ANEW = "Open it where it was made, and save the network's state dict with torch.save.";

/** Whether a file begins with a pickle of protocol 2 to 5. */
export const isPickle = (head: Uint8Array): boolean => head[0] === 0x80 && 2 <= head[1]! && head[1]! <= 5;

/** What a file of this form holds. Its storages are read one by one. */
export function decodePickleForm(source: ByteSource): PickleValue {
  const storages = new Map<string, StoragePart>();
  const context = pickleContext((id) => persistentObject(id, (known) => storagePart(known, storages)));
  const cursor = new Cursor(source);
  if (unpickle(cursor, context) !== MAGIC)
    throw new FormatError("it is a pickle that torch.save did not write", { hint: SAVE_ANEW });
  if (unpickle(cursor, context) !== VERSION) throw new FormatError("it is of an unknown version");
  checkByteOrder(unpickle(cursor, context));
  const value = unpickle(cursor, context);
  const keys = unpickle(cursor, context);
  if (!Array.isArray(keys)) throw new FormatError("its list of storages is damaged");
  readStorages(cursor, storages, keys);
  return value;
}

/** Refuses what a machine of the other byte order wrote; `system` is what PyTorch notes about it. */
export function checkByteOrder(system: PickleValue): void {
  const isLittle = system instanceof Map ? system.get("little_endian") : undefined;
  if (isLittle === false) throw new FormatError('its byte order is "big" and not "little"');
  if (isLittle !== true) throw new FormatError("it does not tell its byte order");
}

/** A storage, or a view of one that has a name of its own: the last item of the id is (name, offset, count). */
function storagePart(id: PickleValue, storages: Map<string, StoragePart>): StoragePart {
  const { key, storage } = storageOfId(id);
  const root = storages.get(key) ?? wholeStorage(storage);
  storages.set(key, root);
  const view = (id as readonly PickleValue[])[5] ?? null;
  if (view === null) return root;
  const [, offset, count] = Array.isArray(view) ? (view as readonly PickleValue[]) : [];
  if (typeof offset !== "number" || typeof count !== "number")
    throw new FormatError("a view of a storage in it is described wrongly");
  return partOf(root, offset, count);
}

/** Each storage is its number of elements, then its bytes. */
function readStorages(cursor: Cursor, storages: ReadonlyMap<string, StoragePart>, keys: readonly PickleValue[]): void {
  const budget = copyBudget(cursor.source.size);
  const open = new Map(storages);
  for (const key of keys) {
    const part = typeof key === "string" || typeof key === "number" ? open.get(String(key)) : undefined;
    if (!part) throw new FormatError("its list of storages does not fit to its tensors");
    const { storage } = part;
    const count = cursor.int64();
    if (count !== storage.count)
      throw new FormatError(`a storage of ${storage.count} elements of ${storage.dtype} has ${count}`);
    const size = storageBytes(storage);
    fillStorage(storage, cursor.source.read(cursor.skip(size), size), budget);
    open.delete(String(key));
  }
  if (0 < open.size) throw new FormatError("a storage of its tensors is missing");
}

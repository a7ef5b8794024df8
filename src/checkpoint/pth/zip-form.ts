/** `.pth` files of PyTorch 1.6 and later: a zip archive of one pickle and one entry for each storage. */
import { type ByteSource, memorySource } from "../byte-source.ts";
import { FormatError } from "../format-error.ts";
import { Cursor } from "./cursor.ts";
import { ForeignObject } from "./foreign.ts";
import { type PickleValue, unpickle } from "./pickle.ts";
import {
  copyBudget,
  createStorage,
  fillStorage,
  type Storage,
  type StoragePart,
  storageBytes,
  wholeStorage,
} from "./storage.ts";
import { pickleContext, storageDtype } from "./torch-globals.ts";
import { checkEntries, readDirectory, readEntry, type ZipEntry } from "./zip.ts";

const PICKLE = "data.pkl";

/** What a file of this form holds. Its storages are read one by one, in their order in the file. */
export function decodeZipForm(source: ByteSource): PickleValue {
  const directory = readDirectory(source);
  const { entries } = directory;
  const pickle = onlyPickle(entries);
  checkEntries(source, directory);
  const root = pickle.name.slice(0, -PICKLE.length);
  checkByteOrder(source, entries.get(`${root}byteorder`));
  const storages = new Map<PickleValue, StoragePart>();
  const storageOf = (id: PickleValue): StoragePart => {
    const { key, storage } = storageOfId(id);
    const known = storages.get(key);
    if (known) return known;
    const part = wholeStorage(storage);
    storages.set(key, part);
    return part;
  };
  const persistent = (id: PickleValue): PickleValue => persistentObject(id, storageOf);
  const content = new Cursor(memorySource(readEntry(source, pickle)));
  const value = unpickle(content, pickleContext(persistent));
  const placed = Array.from(storages, ([key, { storage }]) => {
    const entry = entries.get(`${root}data/${key}`);
    if (!entry) throw new FormatError(`entry "${root}data/${key}" is missing`);
    if (entry.size !== storageBytes(storage))
      throw new FormatError(`a storage of ${storage.count} elements of ${storage.dtype} has ${entry.size} bytes`);
    return { entry, storage };
  });
  placed.sort((a, b) => a.entry.offset - b.entry.offset);
  const budget = copyBudget(source.size);
  for (const { entry, storage } of placed) fillStorage(storage, readEntry(source, entry), budget);
  return value;
}

/** The archive's pickle. Of two, nobody could say which PyTorch means. */
function onlyPickle(entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  const [pickle, second] = [...entries.values()].filter(({ name }) => name === PICKLE || name.endsWith(`/${PICKLE}`));
  if (!pickle) throw otherArchive([...entries.keys()]);
  if (second) throw new FormatError(`it has two pickles, "${pickle.name}" and "${second.name}"`);
  return pickle;
}

function checkByteOrder(source: ByteSource, entry: ZipEntry | undefined): void {
  const byteOrder = entry ? new TextDecoder().decode(readEntry(source, entry)).trim() : "little";
  if (byteOrder !== "little") throw new FormatError(`its byte order is "${byteOrder.slice(0, 20)}" and not "little"`);
}

/** What other programs write as zip archives. */
const ARCHIVES: readonly (readonly [entry: RegExp, meaning: string, hint: string])[] = [
  [
    /\.npy$/,
    "it is an .npz archive of numpy arrays, which do not say what network they are of",
    "Save the network's state dict with torch.save, or its tensors with safetensors.",
  ],
  [
    /^(model\.weights\.h5|saved_model\.pb|.*\/saved_model\.pb)$/,
    "it is a Keras or TensorFlow model",
    "Give PyTorch weights (.pth) or safetensors with torchvision's names.",
  ],
  [
    /^(\[Content_Types\]\.xml|META-INF\/.*|word\/.*)$/,
    "it is an archive of another program",
    "Give a file of weights: .pth, .safetensors, or .onnx of ocelli.",
  ],
  [/\.(pth|pt|ckpt|bin|safetensors|onnx)$/, "it is an archive with a file of weights in it", "Unpack it first."],
];

function otherArchive(names: readonly string[]): FormatError {
  for (const [entry, meaning, hint] of ARCHIVES)
    if (names.some((name) => entry.test(name))) return new FormatError(meaning, { hint });
  return new FormatError("it is a zip archive without weights of PyTorch (it has no data.pkl)");
}

/** What a persistent id stands for: a storage, a class (of old files, beside its source), or nothing that is known. */
export function persistentObject(id: PickleValue, storageOf: (id: PickleValue) => StoragePart): PickleValue {
  const [kind, named] = Array.isArray(id) ? (id as readonly PickleValue[]) : [];
  if (kind === "storage") return storageOf(id);
  return kind === "module" ? (named ?? null) : new ForeignObject("persistent id", [id]);
}

/** The storage that a persistent id ("storage", class, key, device, count, …) describes. */
export function storageOfId(id: PickleValue): { readonly key: string; readonly storage: Storage } {
  const [kind, storageClass, key, , count] = Array.isArray(id) ? (id as readonly PickleValue[]) : [];
  const keyed = typeof key === "string" || typeof key === "number";
  if (kind !== "storage" || !keyed || typeof count !== "number" || !Number.isSafeInteger(count) || count < 0)
    throw new FormatError("a storage in it is described wrongly");
  return { key: String(key), storage: createStorage(storageDtype(storageClass), count) };
}

/** Reading `.pth`, PyTorch's files, in their zip form (PyTorch 1.6 and later). */
import { readFile } from "node:fs/promises";
import { messageOf, UserError } from "../errors.ts";
import { PickleError, type PickleValue, unpickle } from "./pickle.ts";
import { isStateTensor, type StateDict, type StateTensor } from "./tensor.ts";
import { type Storage, storageDtype, storageOf, TORCH_GLOBALS } from "./torch-globals.ts";
import { isZip, readZip, ZipError } from "./zip.ts";

/** What a `.pth` holds: numbers, text, arrays (lists and tuples), Maps (dictionaries), tensors, null. */
export type PthValue = PickleValue;

/** Reads a file; one that is not there or cannot be read is a `UserError`. */
async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const received = missing ? "there is no such file" : messageOf(error);
    throw new UserError(`"${path}": expected a .pth file but ${received}.`, "Check the path.", { cause: error });
  }
}

/**
 * Reads a `.pth` file. Nothing in it is ever run. A file that is damaged, has another form or asks for code is a
 * `UserError`.
 */
export const readPth = async (path: string): Promise<PthValue> => decodePth(await readBytes(path), path);

/** The content of a `.pth` file's bytes; `file` is named in errors. */
export function decodePth(bytes: Uint8Array, file: string): PthValue {
  if (!isZip(bytes)) throw otherForm(bytes, file);
  try {
    return decodeZip(bytes);
  } catch (error) {
    throw asUserError(error, file);
  }
}

function decodeZip(bytes: Uint8Array): PthValue {
  const entries = readZip(bytes);
  const pickleName = [...entries.keys()].find((name) => name === "data.pkl" || name.endsWith("/data.pkl"));
  const pickle = entries.get(pickleName ?? "");
  if (pickleName === undefined || !pickle) throw new ZipError("it has no data.pkl");
  const root = pickleName.slice(0, -"data.pkl".length);
  const byteOrder = new TextDecoder().decode(entries.get(`${root}byteorder`)).trim();
  if (byteOrder !== "" && byteOrder !== "little") throw new ZipError(`its byte order is "${byteOrder}"`);
  const storages = new Map<string, Storage>();
  const persistent = (id: PickleValue): Storage => {
    const [kind, storageClass, key, , count] = Array.isArray(id) ? id : [];
    if (kind !== "storage" || typeof count !== "number") throw new PickleError("a storage is described wrongly");
    const name = `${root}data/${String(key)}`;
    const known = storages.get(name);
    if (known) return known;
    const content = entries.get(name);
    if (!content) throw new ZipError(`entry "${name}" is missing`);
    const storage = storageOf(storageDtype(storageClass), content, count);
    storages.set(name, storage);
    return storage;
  };
  return unpickle(pickle, { globals: TORCH_GLOBALS, persistent }).value;
}

function asUserError(error: unknown, file: string): unknown {
  if (error instanceof PickleError && error.forbidden !== undefined) {
    return new UserError(
      `"${file}": expected tensors and plain data but it asks to run "${error.forbidden}".`,
      "Do not use a file from a source that you do not trust; save a state dict, which needs no code.",
    );
  }
  if (error instanceof PickleError || error instanceof ZipError) {
    const hint = "Fetch or save the file again: it is damaged.";
    return new UserError(`"${file}": expected a .pth file but ${error.message}.`, hint, { cause: error });
  }
  return error;
}

/** The first bytes of a pickle: the opcode of its protocol, 2. */
const PICKLE_START = [0x80, 0x02];

function otherForm(bytes: Uint8Array, file: string): UserError {
  const isPickle = PICKLE_START.every((byte, index) => bytes[index] === byte);
  const isTar = new TextDecoder().decode(bytes.subarray(257, 262)) === "ustar";
  if (isPickle || isTar) {
    return new UserError(
      `"${file}": expected a .pth file in zip form but it has the form of PyTorch before 1.6.`,
      "Save it again with PyTorch 1.6 or later.",
    );
  }
  const received = bytes.length === 0 ? "it is empty" : "it has another format, or its beginning is damaged";
  return new UserError(
    `"${file}": expected a .pth file but ${received}.`,
    "Give a file that torch.save or ocelli wrote.",
  );
}

/** Where checkpoints keep the tensors of the network. */
const STATE_KEYS = ["state_dict", "model_state_dict", "model"];
const PARALLEL_PREFIX = "module.";

/** The tensors of a network in what a `.pth` holds: a bare state dict, or a checkpoint that has one. */
export function stateDictOf(value: PthValue, file: string): StateDict {
  const candidates = value instanceof Map ? [...STATE_KEYS.map((key) => value.get(key)), value] : [];
  for (const candidate of candidates) {
    const tensors = tensorEntries(candidate);
    if (tensors.length === 0) continue;
    const parallel = tensors.every(([name]) => name.startsWith(PARALLEL_PREFIX));
    return new Map(tensors.map(([name, tensor]) => [parallel ? name.slice(PARALLEL_PREFIX.length) : name, tensor]));
  }
  throw new UserError(
    `"${file}": expected the weights of a network but there are no named tensors in it.`,
    'Give a state dict, or a checkpoint that has one under "state_dict".',
  );
}

const tensorEntries = (value: PthValue): [string, StateTensor][] =>
  value instanceof Map
    ? [...value].flatMap(([name, tensor]): [string, StateTensor][] =>
        typeof name === "string" && isStateTensor(tensor) ? [[name, tensor]] : [],
      )
    : [];

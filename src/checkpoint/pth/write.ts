/** Writing `.pth` files that `torch.load(file, weights_only=True)` opens. */
import { writeFileAtomic } from "../../atomic-file.ts";
import { bytesOf, isStateTensor, joined, type StateTensor } from "../tensor.ts";
import { storageClass } from "./torch-globals.ts";
import { zipPieces } from "./write-zip.ts";

/** A number that is written as a float even if it is an integer, such as a learning rate of 1. */
export interface PyFloat {
  readonly float: number;
}

/** Marks a number as a float. */
export const pyFloat = (value: number): PyFloat => ({ float: value });

/** What can be written: Maps and plain objects become dictionaries, arrays lists; integers int, other numbers float. */
export type PthInput =
  | null
  | boolean
  | number
  | string
  | PyFloat
  | StateTensor
  | readonly PthInput[]
  | ReadonlyMap<string | number, PthInput>
  | { readonly [key: string]: PthInput };

/** Writes a `.pth` file, whole or not at all; see `writeFileAtomic` for its errors. */
export const writePth = (path: string, value: PthInput): Promise<void> => writeFileAtomic(path, pthPieces(value));

/** The bytes of a `.pth` file. */
export const encodePth = (value: PthInput): Uint8Array<ArrayBuffer> => joined(pthPieces(value));

/** The file in pieces, among which the tensors are as they were given: a large one is not copied. */
function pthPieces(value: PthInput): Uint8Array[] {
  const pickler = new Pickler();
  pickler.write(value);
  const tensors = pickler.tensors.map((tensor, index) => [`archive/data/${index}`, bytesOf(tensor)] as const);
  return zipPieces([
    ["archive/data.pkl", pickler.finish()],
    ["archive/byteorder", new TextEncoder().encode("little")],
    ...tensors,
    ["archive/version", new TextEncoder().encode("3\n")],
  ]);
}

/** Writes pickles of protocol 2. Dictionaries and lists are written one item at a time, which all readers know. */
class Pickler {
  readonly tensors: StateTensor[] = [];
  #bytes = new Uint8Array(1024);
  #length = 0;

  constructor() {
    this.#put(0x80, 2);
  }

  finish(): Uint8Array {
    this.#put(0x2e);
    return this.#bytes.subarray(0, this.#length);
  }

  write(value: PthInput): void {
    if (value === null) this.#put(0x4e);
    else if (typeof value === "boolean") this.#put(value ? 0x88 : 0x89);
    else if (typeof value === "number") this.#number(value);
    else if (typeof value === "string") this.#text(value);
    else if (isStateTensor(value)) this.#tensor(value);
    else if (value instanceof Map) this.#dictionary(value);
    else if (Array.isArray(value)) this.#list(value);
    else if (isPyFloat(value)) this.#float(value.float);
    else this.#dictionary(Object.entries(value as Record<string, PthInput>));
  }

  #list(items: readonly PthInput[]): void {
    this.#put(0x5d);
    for (const item of items) {
      this.write(item);
      this.#put(0x61);
    }
  }

  #dictionary(entries: Iterable<readonly [string | number, PthInput]>): void {
    this.#put(0x7d);
    for (const [key, item] of entries) {
      this.write(key);
      this.write(item);
      this.#put(0x73);
    }
  }

  #number(value: number): void {
    if (!Number.isSafeInteger(value)) this.#float(value);
    else if (value === (value | 0)) this.#view(5, 0x4a, (view) => view.setInt32(1, value, true));
    else this.#view(10, 0x8a, (view) => view.setUint8(1, 8) ?? view.setBigInt64(2, BigInt(value), true));
  }

  #float(value: number): void {
    this.#view(9, 0x47, (view) => view.setFloat64(1, value, false));
  }

  #text(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#view(5, 0x58, (view) => view.setUint32(1, bytes.length, true));
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #global(module: string, name: string): void {
    this.#put(0x63, ...new TextEncoder().encode(`${module}\n${name}\n`));
  }

  /** `_rebuild_tensor_v2(storage, 0, shape, strides, False, OrderedDict())` */
  #tensor(tensor: StateTensor): void {
    const { dtype, shape, data } = tensor;
    const key = this.tensors.push(tensor) - 1;
    const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
    this.#global("torch._utils", "_rebuild_tensor_v2");
    this.#put(0x28, 0x28); // the marks of the arguments and of the persistent id
    this.#text("storage");
    this.#global("torch", storageClass(dtype));
    this.#text(String(key));
    this.#text("cpu");
    this.#number(data.length);
    this.#put(0x74, 0x51);
    this.#number(0);
    this.#tuple(shape);
    this.#tuple(strides);
    this.#put(0x89);
    this.#global("collections", "OrderedDict");
    this.#put(0x29, 0x52, 0x74, 0x52);
  }

  #tuple(sizes: readonly number[]): void {
    this.#put(0x28);
    for (const size of sizes) this.#number(size);
    this.#put(0x74);
  }

  #put(...bytes: readonly number[]): void {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #view(size: number, opcode: number, write: (view: DataView) => void): void {
    const at = this.#reserve(size);
    this.#bytes[at] = opcode;
    write(new DataView(this.#bytes.buffer, at, size));
  }

  /** Where the next `size` bytes go. */
  #reserve(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#bytes.length < this.#length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

const isPyFloat = (value: object): value is PyFloat =>
  "float" in value && typeof value.float === "number" && Object.keys(value).length === 1;

/** numpy's scalars and arrays in pickles: numbers, text and tensors. What has another element type stays foreign. */
import { sizeOf } from "../../graph/value.ts";
import { FormatError } from "../format-error.ts";
import { ELEMENT_ARRAYS, type ElementData, type ElementName, type StateTensor, toFloat32 } from "../tensor.ts";
import { ForeignObject } from "./foreign.ts";
import type { PickleGlobal, PickleValue } from "./pickle.ts";

const ELEMENTS: ReadonlyMap<string, ElementName> = new Map([
  ["f8", "float64"],
  ["f4", "float32"],
  ["f2", "float16"],
  ["i8", "int64"],
  ["i4", "int32"],
  ["i2", "int16"],
  ["i1", "int8"],
  ["u1", "uint8"],
  ["b1", "bool"],
]);
/** Of an element type, with the sign of its byte order. */
const MAX_CODE = 8;

/** Bytes that may still be spent on copies of what one pickle holds. */
export interface PickleRoom {
  bytes: number;
}

/** `numpy.dtype`: a code such as `f8` or `U5`, and the order of the bytes. */
class NumpyType extends ForeignObject {
  get code(): string {
    const [code] = this.args;
    return typeof code === "string" && code.length <= MAX_CODE ? code.replace(/^[<=|]/, "") : "";
  }

  get isLittle(): boolean {
    return !Array.isArray(this.state) || this.state[1] !== ">";
  }
}

/** An array. It gets what a tensor has, or the items of a list, when it is built. */
class NumpyArray extends ForeignObject {
  readonly #room: PickleRoom;

  constructor(room: PickleRoom) {
    super("numpy.ndarray");
    this.#room = room;
  }

  override build(state: PickleValue): void {
    const [, shape, type, byColumns, content] = Array.isArray(state) ? (state as readonly PickleValue[]) : [];
    if (!(type instanceof NumpyType) || !isShape(shape)) throw new FormatError("an array in it is described wrongly");
    if (Array.isArray(content)) this.items = content;
    else if (content instanceof Uint8Array) this.#fill(shape, type, { content, byColumns: byColumns === true });
  }

  #fill(shape: readonly number[], type: NumpyType, from: { content: Uint8Array; byColumns: boolean }): void {
    takeRoom(this.#room, from.content.length);
    const values = elementsOf(type, from.content);
    if (values === undefined) return;
    const count = sizeOf(shape);
    if (values.data.length !== count) throw new FormatError("an array in it is described wrongly");
    if (values.dtype === undefined) this.items = values.data;
    else Object.assign(this, { dtype: values.dtype, shape, data: rowMajor(values.data, shape, from.byColumns) });
  }
}

/** Every copy takes some, for one text or array may be named many times. */
function takeRoom(room: PickleRoom, bytes: number): void {
  room.bytes -= bytes;
  if (room.bytes < 0) throw new FormatError("its bytes are far larger than the file");
}

const isShape = (value: PickleValue): value is number[] =>
  Array.isArray(value) && value.length <= 64 && value.every((size) => Number.isSafeInteger(size) && 0 <= size);

type Elements = { dtype: ElementName; data: ElementData } | { dtype: undefined; data: string[] };

/** The elements in bytes; undefined for a type that is not known. */
function elementsOf(type: NumpyType, bytes: Uint8Array): Elements | undefined {
  if (!type.isLittle) return undefined;
  const letters = /^U(\d{1,4})$/.exec(type.code);
  if (letters) return { dtype: undefined, data: textsOf(bytes, 4 * Number(letters[1])) };
  const dtype = ELEMENTS.get(type.code);
  if (dtype === undefined) return undefined;
  const ElementArray = ELEMENT_ARRAYS[dtype];
  if (bytes.length % ElementArray.BYTES_PER_ELEMENT !== 0) return undefined;
  const own = bytes.byteOffset === 0 ? bytes : bytes.slice();
  return {
    dtype,
    data: new ElementArray(own.buffer as ArrayBuffer, 0, own.length / ElementArray.BYTES_PER_ELEMENT),
  };
}

/** Text of 32-bit code points, `size` bytes each, filled up with zeros. */
function textsOf(bytes: Uint8Array, size: number): string[] {
  if (size === 0 || bytes.length % size !== 0) return [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return Array.from({ length: bytes.length / size }, (_, index) => {
    const points: number[] = [];
    for (let at = index * size; at < (index + 1) * size; at += 4) points.push(view.getUint32(at, true));
    const end = points.indexOf(0);
    const used = end === -1 ? points : points.slice(0, end);
    if (used.some((point) => 0x10ffff < point)) throw new FormatError("a text in it is damaged");
    return String.fromCodePoint(...used);
  });
}

/** Elements that lie column after column, row after row. */
function rowMajor(data: ElementData, shape: readonly number[], byColumns: boolean): ElementData {
  if (!byColumns || shape.length < 2) return data;
  const copy = data.slice();
  const index = shape.map(() => 0);
  for (let to = 0; to < copy.length; to++) {
    let from = 0;
    for (let axis = shape.length - 1; 0 <= axis; axis--) from = from * shape[axis]! + index[axis]!;
    copy[to] = data[from]!;
    for (let axis = shape.length - 1; 0 <= axis; axis--) {
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      index[axis] = 0;
    }
  }
  return copy;
}

/** A number, a truth value or a text; foreign where its type is not known. */
function scalarOf(args: readonly PickleValue[], room: PickleRoom): PickleValue {
  const [type, bytes] = args;
  const foreign = new ForeignObject("numpy.scalar", args);
  if (!(type instanceof NumpyType) || !(bytes instanceof Uint8Array) || 2 ** 16 < bytes.length) return foreign;
  takeRoom(room, bytes.length);
  const values = elementsOf(type, bytes);
  if (values?.data.length !== 1) return foreign;
  if (values.dtype === undefined) return values.data[0];
  if (values.dtype === "bool") return values.data[0] !== 0;
  if (!values.dtype.startsWith("float") || values.dtype === "float64") return Number(values.data[0]);
  return toFloat32({ dtype: values.dtype, shape: [], data: values.data } satisfies StateTensor)[0];
}

/** Text as bytes, as pickles of protocol 2 hold them. */
function encoded([text, encoding]: readonly PickleValue[], room: PickleRoom): Uint8Array {
  if (typeof text !== "string" || encoding !== "latin1") throw new FormatError("bytes in it are described wrongly");
  takeRoom(room, text.length);
  return Uint8Array.from(Buffer.from(text, "latin1"));
}

/** What numpy's pickles name, for the pickles of one file. */
export function numpyGlobals(room: PickleRoom): [path: string, PickleGlobal][] {
  return [
    ["_codecs.encode", (args) => encoded(args, room)],
    ["numpy.dtype", (args) => new NumpyType("numpy.dtype", args)],
    ...["numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module): [string, PickleGlobal][] => [
      [`${module}.scalar`, (args) => scalarOf(args, room)],
      [`${module}._reconstruct`, () => new NumpyArray(room)],
    ]),
  ];
}

/**
 * The safetensors format: 8 bytes with the length of the header, the header in JSON (per tensor its element type, shape
 * and place), then the tensors' bytes without gaps.
 */
import { z } from "zod";
import { writeFileAtomic } from "../atomic-file.ts";
import { sizeOf } from "../graph/value.ts";
import { parseJson } from "../json.ts";
import { type ByteSource, memorySource, readError, readSource } from "./byte-source.ts";
import { shownName } from "./few-of.ts";
import { FormatError } from "./format-error.ts";
import { repeatedKey } from "./json-keys.ts";
import { bytesOf, ELEMENT_ARRAYS, type ElementName, joined, type StateDict, type StateTensor } from "./tensor.ts";

/** Element types as the format names them. */
const ELEMENTS: ReadonlyMap<string, ElementName> = new Map([
  ["F64", "float64"],
  ["I64", "int64"],
  ["F32", "float32"],
  ["I32", "int32"],
  ["F16", "float16"],
  ["BF16", "bfloat16"],
  ["I16", "int16"],
  ["I8", "int8"],
  ["U8", "uint8"],
  ["BOOL", "bool"],
]);

const KIND = "a .safetensors file";
const LENGTH_BYTES = 8;
const METADATA = "__metadata__";
/** The format's own limit. */
const MAX_HEADER = 100_000_000;
/** The header is filled with blanks to a multiple of this, so that the tensors are aligned. */
const ALIGNMENT = 8;

const size = z.int().nonnegative();
const placeSchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(64),
  data_offsets: z.tuple([size, size]),
});

/** What a file holds. */
export interface Safetensors {
  readonly state: StateDict;
  /** Text by name; the format has room for no other values. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Whether a file of `fileSize` bytes begins as this format does. */
export function isSafetensors(head: Uint8Array, fileSize: number): boolean {
  return LENGTH_BYTES < head.length && head[LENGTH_BYTES] === 0x7b && LENGTH_BYTES + headerLength(head) <= fileSize;
}

const headerLength = (head: Uint8Array): number =>
  Number(new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getBigUint64(0, true));

/** Reads a file, tensor by tensor. One that breaks the format is a `UserError`. */
export const readSafetensors = async (path: string): Promise<Safetensors> =>
  readSource(path, KIND, decodeSafetensorsSource);

/** What the bytes of a file hold; `file` is named in errors. */
export function decodeSafetensors(bytes: Uint8Array, file: string): Safetensors {
  try {
    return decodeSafetensorsSource(memorySource(bytes));
  } catch (error) {
    throw readError(error, file, KIND);
  }
}

/** What a source holds; what breaks the format is a `FormatError`. */
export function decodeSafetensorsSource(source: ByteSource): Safetensors {
  const length = headerLength(source.read(0, LENGTH_BYTES));
  if (MAX_HEADER < length) throw new FormatError(`its header has ${length} bytes, more than the format allows`);
  const { [METADATA]: metadata = {}, ...places } = parseHeader(source.read(LENGTH_BYTES, length));
  if (!isTexts(metadata)) throw new FormatError("its metadata is not text by name");
  const from = LENGTH_BYTES + length;
  const tensors = Object.entries(places).map(([name, place]) => ({ name, ...parsePlace(name, place) }));
  checkPlaces(tensors, source.size - from);
  const state = tensors.map(({ name, dtype, shape, begin, end }): [string, StateTensor] => {
    const { buffer } = source.read(from + begin, end - begin);
    return [name, { dtype, shape, data: new ELEMENT_ARRAYS[dtype](buffer) }];
  });
  return { state: new Map(state), metadata };
}

const isTexts = (value: unknown): value is Readonly<Record<string, string>> =>
  typeof value === "object" &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((text) => typeof text === "string");

/** The header, and in it tensors and metadata, are objects of which no key may be there twice. */
const DEPTHS = 2;

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw new FormatError("its header is not JSON");
  let header: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    header = parseJson(text);
  } catch {
    throw new FormatError("its header is not JSON");
  }
  const repeated = repeatedKey(text, DEPTHS);
  if (repeated !== undefined) throw new FormatError(`its header has ${shownName(repeated)} twice`);
  return header as Record<string, unknown>;
}

interface Place {
  readonly dtype: ElementName;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

function parsePlace(name: string, value: unknown): Place {
  const parsed = placeSchema.safeParse(value);
  if (!parsed.success) throw new FormatError(`its header describes ${shownName(name)} wrongly`);
  const [begin, end] = parsed.data.data_offsets;
  const { shape } = parsed.data;
  const dtype = ELEMENTS.get(parsed.data.dtype);
  if (!dtype)
    throw new FormatError(
      `${shownName(name)} has elements of type ${shownName(parsed.data.dtype)}, which are not known`,
    );
  if (end - begin !== sizeOf(shape) * ELEMENT_ARRAYS[dtype].BYTES_PER_ELEMENT)
    throw new FormatError(`${shownName(name)} of shape [${shape.join(", ")}] has ${end - begin} bytes`);
  return { dtype, shape, begin, end };
}

/** All bytes after the header belong to one tensor: so none is read twice, and none is hidden. */
function checkPlaces(places: readonly Place[], available: number): void {
  let at = 0;
  for (const { begin, end } of places.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== at) throw new FormatError("its tensors overlap or leave gaps");
    at = end;
  }
  if (at !== available) throw new FormatError(`its tensors have ${at} bytes but ${available} are there`);
}

/** Writes a state dict, whole or not at all; see `writeFileAtomic` for its errors. */
export const writeSafetensors = (path: string, content: Safetensors): Promise<void> =>
  writeFileAtomic(path, safetensorsPieces(content));

/** The bytes of a file. */
export const encodeSafetensors = (content: Safetensors): Uint8Array<ArrayBuffer> => joined(safetensorsPieces(content));

/** Large elements come first, so that all are aligned. */
const SIZES_FIRST = [...ELEMENTS.keys()];

function safetensorsPieces({ state, metadata }: Safetensors): Uint8Array[] {
  const codes = new Map(Array.from(ELEMENTS, ([code, dtype]) => [dtype, code]));
  const codeOf = ({ dtype }: StateTensor): string => codes.get(dtype) ?? "F32";
  const order = ([, tensor]: readonly [string, StateTensor]): number => SIZES_FIRST.indexOf(codeOf(tensor));
  const tensors = [...state].sort((a, b) => order(a) - order(b));
  const header = new Map<string, unknown>(Object.keys(metadata).length === 0 ? [] : [[METADATA, metadata]]);
  let at = 0;
  for (const [name, tensor] of tensors) {
    const end = at + tensor.data.byteLength;
    header.set(name, { dtype: codeOf(tensor), shape: tensor.shape, data_offsets: [at, end] });
    at = end;
  }
  const text = JSON.stringify(Object.fromEntries(header));
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array(Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT).fill(0x20);
  padded.set(bytes);
  const length = new Uint8Array(LENGTH_BYTES);
  new DataView(length.buffer).setBigUint64(0, BigInt(padded.length), true);
  return [length, padded, ...tensors.map(([, tensor]) => bytesOf(tensor))];
}

/**
 * Reading IDX files, the format of MNIST: two zero bytes, a type code, the number of dimensions, each dimension as a
 * big-endian 32-bit integer, then the elements. Elements of any type are read if they are whole numbers in 0..255. A file is held to
 * its own header before memory of the size that the header asks for is taken.
 */
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { constants, gunzip } from "node:zlib";
import { messageOf, UserError } from "../errors.ts";
import { lookup } from "../lookup.ts";

/** The elements of an IDX file, row-major, and the size of each dimension. */
export interface IdxArray {
  readonly dims: readonly number[];
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Grey images: `pixels` [count, height, width], 0..255. */
export interface IdxImages {
  readonly pixels: Uint8Array<ArrayBuffer>;
  readonly count: number;
  readonly height: number;
  readonly width: number;
}

/** A type of elements: its name, its bytes, and how one is read. */
interface ElementType {
  readonly name: string;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
}

const UNSIGNED_BYTE = 0x08;
const TYPES: ReadonlyMap<number, ElementType> = new Map([
  [UNSIGNED_BYTE, { name: "unsigned bytes", bytes: 1, read: (view, at) => view.getUint8(at) }],
  [0x09, { name: "signed bytes", bytes: 1, read: (view, at) => view.getInt8(at) }],
  [0x0b, { name: "16-bit integers", bytes: 2, read: (view, at) => view.getInt16(at) }],
  [0x0c, { name: "32-bit integers", bytes: 4, read: (view, at) => view.getInt32(at) }],
  [0x0d, { name: "32-bit floats", bytes: 4, read: (view, at) => view.getFloat32(at) }],
  [0x0e, { name: "64-bit floats", bytes: 8, read: (view, at) => view.getFloat64(at) }],
]);
/** The largest array that is read. */
const MAX_BYTES = 2 ** 31 - 1;
/** Deflate's best ratio: 258 bytes from two bits and a little, so a file cannot hold more than this times its size. */
const MAX_EXPANSION = 1032;
/** Enough to hold the header of any sensible number of dimensions. */
const LONGEST_HEADER = 4 + 4 * 255;

const FETCH_AGAIN = "The file is damaged or is not an IDX file: fetch it again.";
const gunzipAsync = promisify(gunzip);

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** Reads the whole file; a missing or unreadable one is a `UserError`. */
async function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(path);
  } catch (error) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "it does not exist",
      EISDIR: "it is a folder",
      EACCES: "it may not be read",
    };
    const code = (error as NodeJS.ErrnoException).code ?? "";
    const hint = code === "EACCES" ? `Give yourself the right to read it: chmod u+r "${path}"` : "Check the path.";
    throw new UserError(`"${path}": expected an IDX file but ${lookup(reasons, code) ?? messageOf(error)}.`, hint, {
      cause: error,
    });
  }
}

/** The beginning of a gzip stream, as far as `compressed` goes; a cut-off stream is not an error here. */
async function gunzipStart(compressed: Uint8Array<ArrayBuffer>, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const start = compressed.subarray(0, 2 * LONGEST_HEADER);
  try {
    return await gunzipAsync(start, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch (error) {
    throw new UserError(`"${path}": expected gzip data but it is corrupt (${messageOf(error)}).`, FETCH_AGAIN, {
      cause: error,
    });
  }
}

/** The whole gzip stream, which must hold exactly `expected` bytes. */
async function gunzipWhole(compressed: Uint8Array, expected: number, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const longer = new UserError(
    `"${path}": expected ${expected} bytes, as its header says, but there are more.`,
    FETCH_AGAIN,
  );
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await gunzipAsync(compressed, { chunkSize: Math.max(64, expected + 1), maxOutputLength: expected + 1 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") throw longer;
    const state = code === "Z_BUF_ERROR" ? "truncated" : "corrupt";
    throw new UserError(`"${path}": expected gzip data but it is ${state} (${messageOf(error)}).`, FETCH_AGAIN, {
      cause: error,
    });
  }
  if (bytes.length > expected) throw longer;
  return bytes;
}

/** The dimensions that the header tells, and its length in bytes. */
function parseHeader(bytes: Uint8Array, path: string): { dims: number[]; headerBytes: number; type: ElementType } {
  const fail = (received: string): never => {
    const expected = "expected an IDX file (magic 00 00, the type, for bytes 08, and the number of dimensions)";
    throw new UserError(`"${path}": ${expected} but ${received}.`, FETCH_AGAIN);
  };
  if (bytes.length === 0) fail("it is empty");
  if (bytes.length < 4) fail(`it has only ${bytes.length} bytes`);
  const [zero0 = 0, zero1 = 0, code = 0, rank = 0] = bytes;
  const type = TYPES.get(code);
  const magic = [zero0, zero1, code, rank].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  if (zero0 !== 0 || zero1 !== 0 || rank === 0) fail(`it begins with ${magic}`);
  if (!type) return fail(`it holds another type (magic ${magic})`);
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) fail(`it is truncated in its header, after ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, headerBytes);
  return { dims: Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis)), headerBytes, type };
}

/** Bytes of the whole file by its header; refuses what this file cannot hold, or memory could not. */
function expectedBytes(
  { dims, headerBytes, type }: ReturnType<typeof parseHeader>,
  limit: { path: string; holds: number },
): number {
  const expected = dims.reduce((product, dim) => product * dim, type.bytes) + headerBytes;
  const says = `"${limit.path}": expected ${expected} bytes, as its header says ([${dims.join(", ")}]),`;
  if (expected > limit.holds) throw new UserError(`${says} but it is too small to hold them.`, FETCH_AGAIN);
  if (expected > MAX_BYTES) {
    throw new UserError(`${says} but at most ${MAX_BYTES} can be read.`, "Split it into smaller files.");
  }
  return expected;
}

/**
 * Reads an IDX file, plain or gzip (told by its first bytes, not by its name). A file that is missing,
 * unreadable, truncated, corrupt, longer than its header says or of other values is a `UserError`. With `firstColumn`, of
 * two dimensions only the first element of each row is read.
 */
export async function readIdx(path: string, { firstColumn = false } = {}): Promise<IdxArray> {
  const stored = await readBytes(path);
  const packed = isGzip(stored);
  const header = parseHeader(packed ? await gunzipStart(stored, path) : stored, path);
  const { dims, headerBytes, type } = header;
  const holds = packed ? stored.length * MAX_EXPANSION : stored.length;
  const expected = expectedBytes(header, { path, holds });
  const bytes = packed ? await gunzipWhole(stored, expected, path) : stored;
  if (bytes.length !== expected) {
    throw new UserError(
      `"${path}": expected ${expected} bytes, as its header says ([${dims.join(", ")}]), but it has ${bytes.length}.`,
      FETCH_AGAIN,
    );
  }
  const elements = bytes.subarray(headerBytes);
  if (firstColumn && dims.length === 2) return { dims: dims.slice(0, 1), data: columnOf(elements, header, path) };
  return { dims, data: type === TYPES.get(UNSIGNED_BYTE) ? elements : asBytes(elements, type, path) };
}

/** The first element of each row. */
function columnOf(
  elements: Uint8Array<ArrayBuffer>,
  { dims, type }: ReturnType<typeof parseHeader>,
  path: string,
): Uint8Array<ArrayBuffer> {
  const [rows = 0, columns = 0] = dims;
  const stride = columns * type.bytes;
  if (stride === 0) return new Uint8Array();
  const column = new Uint8Array(rows * type.bytes);
  for (let row = 0; row < rows; row++)
    column.set(elements.subarray(row * stride, row * stride + type.bytes), row * type.bytes);
  return asBytes(column, type, path);
}

/** Elements of another type as bytes. What is no whole number in 0..255 is a `UserError`. */
function asBytes(
  elements: Uint8Array<ArrayBuffer>,
  { name, bytes, read }: ElementType,
  path: string,
): Uint8Array<ArrayBuffer> {
  const view = new DataView(elements.buffer, elements.byteOffset, elements.length);
  const values = new Uint8Array(elements.length / bytes);
  for (let i = 0; i < values.length; i++) {
    const value = read(view, i * bytes);
    values[i] = value;
    if (values[i] === value) continue;
    throw new UserError(
      `"${path}": expected whole numbers in 0..255 but it holds ${name}, of which number ${i} is ${value}.`,
      "Scale pixels to 0..255 or number classes from 0, and save them as unsigned bytes.",
    );
  }
  return values;
}

/** Reads grey images [count, height, width], at least one of at least one pixel. Errors as `readIdx`. */
export async function readIdxImages(path: string): Promise<IdxImages> {
  const { dims, data } = await readIdx(path);
  const [count = 0, height = 0, width = 0] = dims;
  if (dims.length !== 3) {
    const received = `${dims.length} (${dims.join("×")})`;
    throw new UserError(
      `"${path}": expected images, 3 dimensions (count, height, width), but it has ${received}.`,
      "Check that the images and labels files are not swapped.",
    );
  }
  if (data.length === 0) {
    throw new UserError(
      `"${path}": expected at least one image but it holds ${count} of ${height}×${width} pixels.`,
      "Use a data set with images in it.",
    );
  }
  return { pixels: data, count, height, width };
}

/** Reads labels [count], or QMNIST's [count, 8] that begin with them, each in 0..`classes`−1 (0..255 if not given). Errors as `readIdx`. */
export async function readIdxLabels(path: string, classes = 256): Promise<Uint8Array<ArrayBuffer>> {
  const { dims, data } = await readIdx(path, { firstColumn: true });
  if (dims.length !== 1) {
    throw new UserError(
      `"${path}": expected labels, 1 dimension, but it has ${dims.length} (${dims.join("×")}).`,
      "Check that the images and labels files are not swapped.",
    );
  }
  const outside = data.findIndex((label) => label >= classes);
  if (outside !== -1) {
    throw new UserError(
      `"${path}": expected labels in 0..${classes - 1} but label number ${outside} is ${data[outside]}.`,
      "Correct the label, or name every class.",
    );
  }
  return data;
}

/** Reads images and their labels, as many of the one as of the other; `classes` as for `readIdxLabels`. */
export async function readIdxPair(
  imagesPath: string,
  labelsPath: string,
  classes?: number,
): Promise<{ images: IdxImages; labels: Uint8Array<ArrayBuffer> }> {
  const [images, labels] = await Promise.all([readIdxImages(imagesPath), readIdxLabels(labelsPath, classes)]);
  if (images.count !== labels.length) {
    throw new UserError(
      `"${labelsPath}": expected ${images.count} labels, one per image of "${imagesPath}", but it has ${labels.length}.`,
      "Use images and labels of the same set.",
    );
  }
  return { images, labels };
}

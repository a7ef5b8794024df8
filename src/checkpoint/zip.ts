/** Zip archives as PyTorch writes them: entries stored without compression, and zip64 where a file is large. */
import { crc32, inflateRawSync } from "node:zlib";

/** A broken archive; the message says what is wrong, without the file's name. */
export class ZipError extends Error {}

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const MAX_COMMENT = 65535;
const IS_IN_EXTRA = 0xffffffff;
const STORED = 0;
const DEFLATED = 8;

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly crc: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** Whether the bytes begin as a zip archive does. */
export const isZip = (bytes: Uint8Array): boolean =>
  bytes.length > 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2] === 0x03 && bytes[3] === 0x04;

/** The content of each entry by name, checked against its CRC-32. Stored entries share the memory of `bytes`. */
export function readZip(bytes: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    return new Map(centralDirectory(view).map((entry) => [entry.name, contentOf(view, entry)]));
  } catch (error) {
    if (error instanceof RangeError) throw new ZipError("the archive ends in the middle of an entry");
    throw error;
  }
}

function centralDirectory(view: DataView): Entry[] {
  const end = findEnd(view);
  let count = view.getUint16(end + 10, true);
  let offset = view.getUint32(end + 16, true);
  if (offset === IS_IN_EXTRA || count === 0xffff) {
    if (view.getUint32(end - 20, true) !== END_64_LOCATOR) throw new ZipError("the zip64 locator is missing");
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (view.getUint32(end64, true) !== END_64) throw new ZipError("the zip64 directory is missing");
    count = Number(view.getBigUint64(end64 + 32, true));
    offset = Number(view.getBigUint64(end64 + 48, true));
  }
  const entries: Entry[] = [];
  for (let i = 0; i < count; i++) {
    if (view.getUint32(offset, true) !== CENTRAL) throw new ZipError("the directory is damaged");
    entries.push(entryAt(view, offset));
    offset +=
      46 + view.getUint16(offset + 28, true) + view.getUint16(offset + 30, true) + view.getUint16(offset + 32, true);
  }
  return entries;
}

function findEnd(view: DataView): number {
  const last = view.byteLength - 22;
  for (let at = last; at >= Math.max(0, last - MAX_COMMENT); at--) if (view.getUint32(at, true) === END) return at;
  throw new ZipError("the archive has no end");
}

function entryAt(view: DataView, at: number): Entry {
  const nameLength = view.getUint16(at + 28, true);
  const extra = at + 46 + nameLength;
  const large = zip64Sizes(view, extra, extra + view.getUint16(at + 30, true));
  const sizeAt = (field: number): number => {
    const value = view.getUint32(at + field, true);
    return value === IS_IN_EXTRA ? large() : value;
  };
  const size = sizeAt(24); // the order of the zip64 field: size, packed size, offset
  const packed = sizeAt(20);
  return {
    name: new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at + 46, nameLength)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    size,
    packed,
    offset: sizeAt(42),
  };
}

/** Reads one number after the other of the zip64 field among the extra fields. */
function zip64Sizes(view: DataView, from: number, to: number): () => number {
  let at = from;
  while (at + 4 <= to && view.getUint16(at, true) !== 1) at += 4 + view.getUint16(at + 2, true);
  at += 4;
  return () => {
    if (to < at + 8) throw new ZipError("a large entry has no size");
    at += 8;
    return Number(view.getBigUint64(at - 8, true));
  };
}

function contentOf(view: DataView, { name, method, crc, packed, size, offset }: Entry): Uint8Array {
  if (view.getUint32(offset, true) !== LOCAL) throw new ZipError(`entry "${name}" is not where the directory says`);
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (view.byteLength < start + packed) throw new ZipError(`entry "${name}" is cut off`);
  const raw = new Uint8Array(view.buffer, view.byteOffset + start, packed);
  const content = unpack(raw, { name, method, size });
  if (content.length !== size || crc32(content) !== crc)
    throw new ZipError(`entry "${name}" does not match its checksum`);
  return content;
}

function unpack(raw: Uint8Array, { name, method, size }: Pick<Entry, "name" | "method" | "size">): Uint8Array {
  if (method === STORED) return raw;
  if (method !== DEFLATED) throw new ZipError(`entry "${name}" is packed in a way that is not known (${method})`);
  try {
    return inflateRawSync(raw, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw new ZipError(`entry "${name}" cannot be unpacked`);
  }
}

/** Content of entries begins at multiples of this, as PyTorch has it for memory mapping. */
const ALIGNMENT = 64;
const NAME_IS_UTF8 = 0x800;
const PADDING_FIELD = 0x4246; // "FB", the id of PyTorch's own padding
const JANUARY_1980 = 0x21;

/** An archive of stored entries. Sizes and offsets must stay under 4 GiB. */
export function writeZip(entries: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let offset = 0;
  for (const [name, content] of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const headerEnd = offset + 30 + nameBytes.length + 4;
    const padding = (ALIGNMENT - (headerEnd % ALIGNMENT)) % ALIGNMENT;
    const fields = { nameBytes, crc: crc32(content), size: content.length };
    const header = localHeader(fields, padding);
    directory.push(centralHeader(fields, offset));
    parts.push(header, content);
    offset += header.length + content.length;
  }
  const directorySize = directory.reduce((sum, { length }) => sum + length, 0);
  if (IS_IN_EXTRA <= offset + directorySize) throw new Error("zip: an archive of 4 GiB and more cannot be written");
  return joined([...parts, ...directory, endRecord(entries.length, directorySize, offset)]);
}

interface HeaderFields {
  readonly nameBytes: Uint8Array;
  readonly crc: number;
  readonly size: number;
}

/** What local and central headers share: flags, method, time, date, checksum, sizes, length of the name. */
function writeCommon(view: DataView, at: number, { nameBytes, crc, size }: HeaderFields): void {
  view.setUint16(at, NAME_IS_UTF8, true);
  view.setUint16(at + 2, STORED, true);
  view.setUint16(at + 6, JANUARY_1980, true);
  view.setUint32(at + 8, crc, true);
  view.setUint32(at + 12, size, true);
  view.setUint32(at + 16, size, true);
  view.setUint16(at + 20, nameBytes.length, true);
}

function localHeader(fields: HeaderFields, padding: number): Uint8Array {
  const bytes = new Uint8Array(30 + fields.nameBytes.length + 4 + padding);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, LOCAL, true);
  view.setUint16(4, 20, true);
  writeCommon(view, 6, fields);
  view.setUint16(28, 4 + padding, true);
  bytes.set(fields.nameBytes, 30);
  view.setUint16(30 + fields.nameBytes.length, PADDING_FIELD, true);
  view.setUint16(32 + fields.nameBytes.length, padding, true);
  return bytes;
}

function centralHeader(fields: HeaderFields, offset: number): Uint8Array {
  const bytes = new Uint8Array(46 + fields.nameBytes.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, CENTRAL, true);
  view.setUint16(4, 20, true);
  view.setUint16(6, 20, true);
  writeCommon(view, 8, fields);
  view.setUint32(42, offset, true);
  bytes.set(fields.nameBytes, 46);
  return bytes;
}

function endRecord(count: number, size: number, offset: number): Uint8Array {
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, END, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

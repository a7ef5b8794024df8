/** Writing zip archives as PyTorch does: entries stored without compression, their content aligned for memory mapping. */
import { crc32 } from "node:zlib";

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const STORED = 0;
const MAX_SIZE = 0xffffffff;

/** Content of entries begins at multiples of this, as PyTorch has it for memory mapping. */
const ALIGNMENT = 64;
const NAME_IS_UTF8 = 0x800;
const PADDING_FIELD = 0x4246; // "FB", the id of PyTorch's own padding
const JANUARY_1980 = 0x21;

/**
 * An archive of stored entries, as pieces that follow one another; the contents among them are those that were given, not
 * copies. The archive must stay under 4 GiB.
 */
export function zipPieces(entries: readonly (readonly [name: string, content: Uint8Array])[]): Uint8Array[] {
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
  if (MAX_SIZE <= offset + directorySize) throw new Error("zip: an archive of 4 GiB and more cannot be written");
  return [...parts, ...directory, endRecord(entries.length, directorySize, offset)];
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

/** Reading zip archives as PyTorch writes them: entries stored without compression, and zip64 where a file is large. */
import { crc32 } from "node:zlib";
import { type ByteSource, memorySource } from "../byte-source.ts";
import { shownName } from "../few-of.ts";
import { FormatError } from "../format-error.ts";
import { Cursor } from "./cursor.ts";

const END = 0x06054b50;
const END_64 = 0x06064b50;
const END_64_LOCATOR = 0x07064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_SIZE = 22;
const END_64_SIZE = 56;
const LOCATOR_SIZE = 20;
const MAX_COMMENT = 65535;
/** More entries, each with a name, than any network has tensors. */
const MAX_DIRECTORY = 2 ** 24;
const IS_IN_EXTRA = 0xffffffff;
const STORED = 0;

/** Where an entry's content is, as the directory says. */
export interface ZipEntry {
  readonly name: string;
  readonly crc: number;
  readonly size: number;
  readonly offset: number;
  /** Bytes in the file; others than `size` if it is compressed. */
  readonly packed: number;
  readonly isStored: boolean;
}

/** Whether a file begins as a zip archive does. */
export const isZip = (head: Uint8Array): boolean =>
  head[0] === 0x50 && head[1] === 0x4b && head[2] === 0x03 && head[3] === 0x04;

/** What an archive's directory says. */
export interface ZipDirectory {
  readonly entries: ReadonlyMap<string, ZipEntry>;
  /** Where the directory begins, behind all content. */
  readonly from: number;
}

/** The entries of an archive by name. Two of one name and more content than the file has are refused. */
export function readDirectory(source: ByteSource): ZipDirectory {
  const { from, to } = findDirectory(source);
  if (!(from <= to) || MAX_DIRECTORY < to - from) throw new FormatError("its directory is damaged");
  const directory = source.read(from, to - from);
  const cursor = new Cursor(memorySource(directory));
  const entries = new Map<string, ZipEntry>();
  let content = 0;
  while (cursor.at < cursor.end) {
    const entry = readEntryRecord(cursor);
    if (entries.has(entry.name)) throw new FormatError(`entry ${shownName(entry.name)} is there twice`);
    entries.set(entry.name, entry);
    content += entry.packed;
  }
  if (source.size < content) throw new FormatError("its entries have more bytes than the file");
  return { entries, from };
}

/** Refuses entries that lie over one another or the directory, and those that say something else where they are. */
export function checkEntries(source: ByteSource, { entries, from }: ZipDirectory): void {
  let [before, end] = ["", 0];
  for (const entry of [...entries.values()].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset < end)
      throw new FormatError(`entry ${shownName(entry.name)} lies over entry ${shownName(before)}`);
    [before, end] = [entry.name, contentStart(source, entry) + entry.packed];
  }
  if (from < end) throw new FormatError(`entry ${shownName(before)} lies over the directory`);
}

/** Where the directory begins and ends. */
function findDirectory(source: ByteSource): { from: number; to: number } {
  const tailSize = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const tailAt = source.size - tailSize;
  const tail = source.read(tailAt, tailSize);
  const view = new DataView(tail.buffer);
  let at = tailSize - END_SIZE;
  while (0 <= at && view.getUint32(at, true) !== END) at--;
  if (at < 0) throw new FormatError("the archive has no end");
  const size = view.getUint32(at + 12, true);
  const offset = view.getUint32(at + 16, true);
  if (offset !== IS_IN_EXTRA && size !== IS_IN_EXTRA) return { from: offset, to: offset + size };
  return findDirectory64(source, tailAt + at);
}

function findDirectory64(source: ByteSource, end: number): { from: number; to: number } {
  const locator = new Cursor(source, end - LOCATOR_SIZE);
  if (locator.uint32() !== END_64_LOCATOR) throw new FormatError("the zip64 locator is missing");
  locator.skip(4);
  const record = source.read(locator.uint64(), END_64_SIZE);
  const view = new DataView(record.buffer);
  if (view.getUint32(0, true) !== END_64) throw new FormatError("the zip64 directory is missing");
  const size = Number(view.getBigUint64(40, true));
  const from = Number(view.getBigUint64(48, true));
  return { from, to: from + size };
}

function readEntryRecord(cursor: Cursor): ZipEntry {
  if (cursor.uint32() !== CENTRAL) throw new FormatError("its directory is damaged");
  cursor.skip(6); // versions, flags
  const method = cursor.uint16();
  cursor.skip(4); // time and date
  const crc = cursor.uint32();
  const packed32 = cursor.uint32();
  const size32 = cursor.uint32();
  const [nameLength, extraLength, commentLength] = [cursor.uint16(), cursor.uint16(), cursor.uint16()];
  cursor.skip(8); // disk, attributes
  const offset32 = cursor.uint32();
  const name = cursor.text(nameLength);
  const large = zip64Sizes(cursor, cursor.at + extraLength);
  const size = size32 === IS_IN_EXTRA ? large() : size32; // the order of the zip64 field: size, packed size, offset
  const packed = packed32 === IS_IN_EXTRA ? large() : packed32;
  const offset = offset32 === IS_IN_EXTRA ? large() : offset32;
  cursor.skip(commentLength);
  return { name, crc, size, offset, packed, isStored: method === STORED && packed === size };
}

/** Reads the numbers of the zip64 field among the extra fields, which end at `end`, and leaves the cursor there. */
function zip64Sizes(cursor: Cursor, end: number): () => number {
  const sizes: number[] = [];
  while (cursor.at + 4 <= end) {
    const [id, length] = [cursor.uint16(), cursor.uint16()];
    const next = cursor.at + length;
    if (id === 1) while (cursor.at + 8 <= Math.min(next, end)) sizes.push(cursor.uint64());
    cursor.at = next;
  }
  cursor.at = end;
  return () => {
    const size = sizes.shift();
    if (size === undefined) throw new FormatError("a large entry has no size");
    return size;
  };
}

/** The sizes and the checksum stand behind the content. */
const SIZES_FOLLOW = 8;

/** Where an entry's content begins. What stands before it has to say the same as the directory. */
function contentStart(source: ByteSource, { name, crc, size, packed, offset, isStored }: ZipEntry): number {
  const cursor = new Cursor(source, offset);
  if (cursor.uint32() !== LOCAL) throw new FormatError(`entry ${shownName(name)} is not where the directory says`);
  cursor.skip(2); // version
  const [flags, method] = [cursor.uint16(), cursor.uint16()];
  cursor.skip(4); // time and date
  const given = [cursor.uint32(), cursor.uint32(), cursor.uint32()];
  const [nameLength, extraLength] = [cursor.uint16(), cursor.uint16()];
  const isSame = given.every((value, index) => {
    const isElsewhere = value === 0 ? (flags & SIZES_FOLLOW) !== 0 : 0 < index && value === IS_IN_EXTRA;
    return isElsewhere || value === [crc, packed, size][index];
  });
  const differs = isStored && (!isSame || method !== STORED); // what is compressed is never read
  if (differs || cursor.text(nameLength) !== name)
    throw new FormatError(`entry ${shownName(name)} says something else than the directory`);
  return cursor.at + extraLength;
}

/** The content of an entry, in memory of its own, checked against its CRC-32. */
export function readEntry(source: ByteSource, entry: ZipEntry): Uint8Array<ArrayBuffer> {
  const { name, crc, size, isStored } = entry;
  if (!isStored) throw new FormatError(`entry ${shownName(name)} is compressed, which PyTorch never does`);
  const content = source.read(contentStart(source, entry), size);
  if (crc32(content) !== crc) throw new FormatError(`entry ${shownName(name)} does not match its checksum`);
  return content;
}

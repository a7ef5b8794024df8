/** Reading tar archives (POSIX ustar and pax), of which only the places of plain files are wanted. Nothing is unpacked. */
import type { ByteSource } from "../byte-source.ts";
import { FormatError } from "../format-error.ts";

const BLOCK = 512;
const MAX_MEMBERS = 1000;
/** Extended headers hold a few lines. */
const MAX_EXTENDED = 2 ** 16;
const PLAIN_FILE = ["0", "\0"];
const EXTENDED = "x";
const EXTENDED_FOR_ALL = "g";
const decoder = new TextDecoder();

/** Where the content of a member is: bytes `from` to `end`, which is after the last. */
export interface TarMember {
  readonly from: number;
  readonly end: number;
}

/** Whether the first 512 bytes of a file are the header of a tar archive. */
export function isTar(head: Uint8Array): boolean {
  return head.length === BLOCK && text(head, 257, 262) === "ustar" && octal(head, 148, 8) === checksum(head);
}

/** The plain files of an archive by name; two of one name are refused. */
export function readTar(source: ByteSource): Map<string, TarMember> {
  const members = new Map<string, TarMember>();
  let extended = new Map<string, string>();
  let at = 0;
  for (let count = 0; at + BLOCK <= source.size; count++) {
    const header = source.read(at, BLOCK);
    if (header.every((byte) => byte === 0)) break; // the end of the archive
    if (!isTar(header) || count === MAX_MEMBERS) throw new FormatError("a header of the archive is damaged");
    const size = Number(extended.get("size") ?? octal(header, 124, 12));
    const [from, end] = [at + BLOCK, at + BLOCK + size];
    if (!(0 <= size && end <= source.size)) throw new FormatError("a part of the archive is cut off");
    const kind = String.fromCharCode(header[156]!);
    const name = extended.get("path") ?? text(header, 0, 100);
    if (kind === EXTENDED) extended = readExtended(source, { from, end });
    else if (kind !== EXTENDED_FOR_ALL) {
      extended = new Map();
      if (PLAIN_FILE.includes(kind)) {
        if (members.has(name)) throw new FormatError(`the archive has "${name}" twice`);
        members.set(name, { from, end });
      }
    }
    at = from + Math.ceil(size / BLOCK) * BLOCK;
  }
  return members;
}

/** Lines of `LENGTH key=value`, which say about the next member what its header has no room for. */
function readExtended(source: ByteSource, { from, end }: TarMember): Map<string, string> {
  if (MAX_EXTENDED < end - from) throw new FormatError("a header of the archive is damaged");
  const lines = decoder.decode(source.read(from, end - from)).split("\n");
  return new Map(
    lines.flatMap((line) => [...line.matchAll(/^\d+ ([^=]+)=(.*)$/g)].map(([, key = "", value = ""]) => [key, value])),
  );
}

/** Text up to a zero byte. */
const text = (bytes: Uint8Array, from: number, to: number): string =>
  decoder.decode(bytes.subarray(from, to)).split("\0", 1)[0] ?? "";

const octal = (bytes: Uint8Array, from: number, length: number): number => {
  const digits = text(bytes, from, from + length).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
};

/** The sum of a header's bytes, its own field counted as blanks. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, index) => sum + (148 <= index && index < 156 ? 0x20 : byte), 0);
}

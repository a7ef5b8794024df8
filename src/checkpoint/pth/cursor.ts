import type { ByteSource } from "../byte-source.ts";
import { FormatError } from "../format-error.ts";

/** Bytes that are read ahead. */
const WINDOW = 2 ** 16;
/** No single piece that is read this way is larger; tensors are not read this way. */
const MAX_PIECE = 2 ** 24;
const MAX_LINE = 1000;
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads numbers and text of a source one after the other; an end that comes too early is a `FormatError`. */
export class Cursor {
  readonly source: ByteSource;
  readonly end: number;
  /** Where the next byte is. */
  at: number;
  #window = new Uint8Array();
  #windowAt = 0;

  constructor(source: ByteSource, from = 0, end = source.size) {
    this.source = source;
    this.at = from;
    this.end = end;
  }

  uint8(): number {
    const byte = this.#window[this.at - this.#windowAt];
    if (byte === undefined) return this.#take(1).getUint8(0);
    this.at++;
    return byte;
  }

  uint16 = (): number => this.#take(2).getUint16(0, true);
  int32 = (): number => this.#take(4).getInt32(0, true);
  uint32 = (): number => this.#take(4).getUint32(0, true);
  float64 = (): number => this.#take(8).getFloat64(0, false);
  uint64 = (): number => Number(this.#take(8).getBigUint64(0, true));

  /** A signed 64-bit integer that a number holds exactly. */
  int64(): number {
    const value = Number(this.#take(8).getBigInt64(0, true));
    if (!Number.isSafeInteger(value)) throw new FormatError("a size in it is out of range");
    return value;
  }

  bytes(count: number): Uint8Array {
    const { buffer, byteOffset } = this.#take(count);
    return new Uint8Array(buffer, byteOffset, count);
  }

  text(count: number): string {
    return decoder.decode(this.bytes(count));
  }

  /** Text up to the next line feed, which is left out. */
  line(): string {
    const codes: number[] = [];
    for (let byte = this.uint8(); byte !== 0x0a; byte = this.uint8()) {
      if (codes.push(byte) === MAX_LINE) throw new FormatError("a name in it is too long");
    }
    return decoder.decode(Uint8Array.from(codes));
  }

  /** Goes on `count` bytes later and returns where they began. */
  skip(count: number): number {
    if (!(0 <= count && count <= this.end - this.at)) throw new FormatError("it is cut off or damaged");
    this.at += count;
    return this.at - count;
  }

  /** The next `count` bytes. */
  #take(count: number): DataView<ArrayBuffer> {
    const from = this.skip(count);
    if (MAX_PIECE < count) throw new FormatError(`a piece of text in it has ${count} bytes`);
    if (from < this.#windowAt || this.#windowAt + this.#window.byteLength < from + count) {
      this.#window = this.source.read(from, Math.min(this.end - from, Math.max(count, WINDOW)));
      this.#windowAt = from;
    }
    return new DataView(this.#window.buffer, from - this.#windowAt);
  }
}

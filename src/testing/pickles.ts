/** Pickles and archives made by hand, for tests of what is refused. */
import { expect } from "vitest";
import { decodePth } from "../checkpoint/index.ts";
import { zipPieces } from "../checkpoint/pth/write-zip.ts";
import { joined } from "../checkpoint/tensor.ts";
import { UserError } from "../errors.ts";

/** The bytes of a text. */
export const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A pickle of opcodes (numbers) and text. */
export const pickle = (...parts: readonly (number | string | Uint8Array)[]): Uint8Array =>
  joined(
    parts.map((part) =>
      typeof part === "number" ? Uint8Array.of(part) : typeof part === "string" ? encode(part) : part,
    ),
  );

/** A whole number of eight bytes. */
export const int = (value: number): Uint8Array =>
  pickle(0x8a, 8, new Uint8Array(BigInt64Array.of(BigInt(value)).buffer));

/** A file of zip form with this pickle and one storage of four elements. */
export function zipForm(body: Uint8Array, entries: readonly (readonly [string, Uint8Array])[] = []): Uint8Array {
  const data = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
  return joined(zipPieces([["a/data.pkl", pickle(0x80, 2, body, ".")], ["a/data/0", data], ...entries]));
}

/** Why a `.pth` file of these bytes is refused; "nothing" if it is not. */
export function refusal(bytes: Uint8Array): string {
  try {
    decodePth(bytes, "f");
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    return (error as UserError).message.replace('"f": expected a .pth file but ', "");
  }
  return "nothing";
}

/** A part so many times. */
export const repeated = (part: Uint8Array, count: number): Uint8Array =>
  joined(Array.from({ length: count }, () => part));

/** [[], []] with both the list before it, 60 times: 2⁶⁰ lists if each is walked. */
export const doubled = pickle("]", "q", 0, repeated(pickle("0(", "h", 0, "h", 0, "t", "q", 0), 60));

/** Tensors as bytes: the protocol's extension for binary data. Little-endian, row-major. */
import {
  type ModelTensor,
  type NumericType,
  TENSOR_ARRAYS,
  type TensorNumbers,
} from "../../../engines/onnx/model-file.ts";
import { Unfit } from "./elements.ts";

/** Numbers from their bytes; undefined if there are not whole ones. A bool of neither 0 nor 1 is `Unfit`. */
export function numbersFromBytes(type: NumericType, bytes: Uint8Array): TensorNumbers | undefined {
  const form = TENSOR_ARRAYS[type];
  if (bytes.length % form.BYTES_PER_ELEMENT !== 0) return undefined;
  const odd = type === "bool" ? bytes.findIndex((byte) => 1 < byte) : -1;
  if (odd !== -1) throw new Unfit([odd], "a byte of 0 or 1", String(bytes[odd]));
  return new form(new Uint8Array(bytes).buffer); // a copy, which is aligned
}

/** Texts, each after its length in 4 bytes; undefined if they do not end where the bytes do. One that is no UTF-8 is `Unfit`. */
export function textsFromBytes(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + view.getUint32(at, true);
    if (bytes.length < end) return undefined;
    texts.push(textOf(bytes.subarray(at + 4, end), texts.length));
    at = end;
  }
  return texts;
}

function textOf(bytes: Uint8Array, at: number): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Unfit([at], "a text in UTF-8", "other bytes");
  }
}

/** A tensor's bytes. */
export function bytesOf({ type, data }: ModelTensor): Uint8Array {
  if (type !== "string") return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const parts = data.flatMap((text) => {
    const encoded = new TextEncoder().encode(text);
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, encoded.length, true);
    return [length, encoded];
  });
  return Uint8Array.from(Buffer.concat(parts));
}

/** Tensors as bytes: the protocol's extension for binary data. Little-endian, row-major. */
import {
  type ModelTensor,
  type NumericType,
  TENSOR_ARRAYS,
  type TensorNumbers,
} from "../../../engines/onnx/model-file.ts";

/** Numbers from their bytes; undefined if there are not whole ones. */
export function numbersFromBytes(type: NumericType, bytes: Uint8Array): TensorNumbers | undefined {
  const form = TENSOR_ARRAYS[type];
  if (bytes.length % form.BYTES_PER_ELEMENT !== 0) return undefined;
  return new form(new Uint8Array(bytes).buffer); // a copy, which is aligned
}

/** Texts, each after its length in 4 bytes; undefined if they do not end where the bytes do. */
export function textsFromBytes(bytes: Uint8Array): string[] | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + view.getUint32(at, true);
    if (bytes.length < end) return undefined;
    texts.push(new TextDecoder().decode(bytes.subarray(at + 4, end)));
    at = end;
  }
  return texts;
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

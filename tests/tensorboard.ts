/** An independent reading of TensorBoard's event files: from bytes to fields, by what the formats' descriptions say. */

/** A field of a protobuf message: its number, and what it holds. */
export type Field = readonly [number: number, value: number | bigint | Uint8Array];

/** The fields of a protobuf message in their order. */
export function fieldsOf(bytes: Uint8Array): Field[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    for (let [value, shift] = [0n, 0n]; ; shift += 7n) {
      const byte = view.getUint8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >> 3;
    const wire = key & 7;
    if (wire === 0) {
      fields.push([number, varint()]);
      continue;
    }
    const length = wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? Number(varint()) : Number.NaN;
    if (Number.isNaN(length)) throw new Error(`wire type ${wire}`);
    if (wire === 2) fields.push([number, bytes.subarray(at, at + length)]);
    else fields.push([number, wire === 1 ? view.getFloat64(at, true) : view.getFloat32(at, true)]);
    at += length;
  }
  return fields;
}

/** The masked CRC-32C, bit by bit. */
export function maskedCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** The contents of a record file. Throws at a wrong checksum or a record that is cut off. */
export function recordsOf(file: Uint8Array): Uint8Array[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const records: Uint8Array[] = [];
  for (let at = 0; at < file.length; ) {
    const length = Number(view.getBigUint64(at, true));
    const content = file.subarray(at + 12, at + 12 + length);
    if (view.getUint32(at + 8, true) !== maskedCrc(file.subarray(at, at + 8))) throw new Error(`length at ${at}`);
    if (view.getUint32(at + 12 + length, true) !== maskedCrc(content)) throw new Error(`content at ${at}`);
    records.push(content);
    at += length + 16;
  }
  return records;
}

/** What an event file says. */
export interface ReadEvents {
  readonly version: string;
  /** step → value, by tag. */
  readonly scalars: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** PNG files by tag. */
  readonly images: ReadonlyMap<string, { readonly png: Uint8Array; readonly width: number; readonly height: number }>;
  /** Steps from which on earlier files do not hold. */
  readonly restarts: readonly number[];
}

const text = (value: Field[1]): string => Buffer.from(value as Uint8Array).toString("utf8");
const nested = (value: Field[1]): Field[] => fieldsOf(value as Uint8Array);

/** Reads an event file. */
export function readEvents(file: Uint8Array): ReadEvents {
  const scalars = new Map<string, Map<number, number>>();
  const images = new Map<string, { png: Uint8Array; width: number; height: number }>();
  const restarts: number[] = [];
  let version = "";
  for (const record of recordsOf(file)) {
    const event = new Map(fieldsOf(record));
    const step = Number(event.get(2) ?? 0);
    if (event.has(3)) version = text(event.get(3) ?? 0);
    if (event.has(7)) restarts.push(step);
    for (const [, value] of event.has(5) ? nested(event.get(5) ?? 0) : []) {
      const fields = new Map(nested(value));
      const tag = text(fields.get(1) ?? 0);
      const image = fields.get(4);
      if (image === undefined) scalars.set(tag, (scalars.get(tag) ?? new Map()).set(step, Number(fields.get(2))));
      else {
        const parts = new Map(nested(image));
        const [height, width] = [Number(parts.get(1)), Number(parts.get(2))];
        images.set(tag, { png: parts.get(4) as Uint8Array, width, height });
      }
    }
  }
  return { version, scalars, images, restarts };
}

/** How much memory the records of an ONNX file may take: two bytes of one make an object of a hundred. */
import type { DescMessage } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** Records for each byte of a file, far above what models have, and what a small file may have besides. */
const [RECORDS_PER_BYTE, SLACK] = [1 / 16, 1 << 18];

const known = new Map<DescMessage, Map<number, DescMessage | null>>();

/** The kinds of records that the fields of a record hold, by their numbers; null for those that hold none. */
function recordsIn(kind: DescMessage): Map<number, DescMessage | null> {
  const found = known.get(kind) ?? new Map(kind.fields.map((field) => [field.number, field.message ?? null] as const));
  known.set(kind, found);
  return found;
}

/** Throws an `Error` where `bytes`, a message of kind `message`, have far more records than a model has. */
export function expectRoom(message: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  let left = SLACK + bytes.length * RECORDS_PER_BYTE;
  const walk = (kind: DescMessage, end: number): void => {
    const inside = recordsIn(kind);
    while (reader.pos < end) {
      const [number, type] = reader.tag();
      const inner = inside.get(number);
      if (inner !== null) left--; // also of what is not known, which is kept as it is
      if (left < 0) throw new Error("it has far more records than a model has");
      if (!inner || type !== WireType.LengthDelimited) reader.skip(type, number);
      else walk(inner, reader.uint32() + reader.pos);
    }
  };
  walk(message, bytes.length);
}

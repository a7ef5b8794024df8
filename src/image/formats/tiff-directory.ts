/** Directories of TIFF files, which EXIF data are too. Format: https://www.itu.int/itudoc/itu-t/com16/tiff-fx/docs/tiff6.pdf */

/** Bytes of one value of each type; types that are missing are not read. */
const TYPE_BYTES: Readonly<Record<number, number>> = {
  ...{ 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8 },
};

/** A tag of a directory. */
export interface TiffTag {
  readonly type: number;
  readonly count: number;
  /** The bytes of its values. */
  readonly data: Uint8Array;
  /** Its values as whole numbers; empty for other types. */
  readonly values: readonly number[];
}

/** The tags of the first directory by number. */
export interface TiffDirectory {
  readonly tags: ReadonlyMap<number, TiffTag>;
  readonly littleEndian: boolean;
}

/** The directory of a file that begins with `bytes`. One that is cut off has the tags before that, as in Pillow. */
export function readTiffDirectory(bytes: Uint8Array): TiffDirectory {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const littleEndian = bytes[0] === 0x49;
  const tags = new Map<number, TiffTag>();
  if (bytes.length < 8) return { tags, littleEndian };
  const big = view.getUint16(2, littleEndian) === 43;
  const offset = (at: number): number =>
    big ? Number(view.getBigUint64(at, littleEndian)) : view.getUint32(at, littleEndian);
  const [entry, inside, head] = big ? [20, 8, 8] : [12, 4, 2];
  const first = big && bytes.length < 16 ? bytes.length : offset(big ? 8 : 4);
  if (first + head > bytes.length) return { tags, littleEndian };
  const count = big ? offset(first) : view.getUint16(first, littleEndian);
  for (let at = first + head, i = 0; i < count && at + entry <= bytes.length; i++, at += entry) {
    const type = view.getUint16(at + 2, littleEndian);
    const values = offset(at + 4);
    const size = (TYPE_BYTES[type] ?? 0) * values;
    const start = size > inside ? offset(at + entry - inside) : at + entry - inside;
    if (start + size > bytes.length) return { tags, littleEndian };
    if (size === 0) continue;
    const data = bytes.subarray(start, start + size);
    tags.set(view.getUint16(at, littleEndian), tagOf(data, type, { count: values, littleEndian }));
  }
  return { tags, littleEndian };
}

/** Its numbers are read when they are asked for: tags may share the whole of a large file. */
function tagOf(data: Uint8Array, type: number, rest: { count: number; littleEndian: boolean }): TiffTag {
  let numbers: readonly number[] | undefined;
  return {
    ...{ type, data, count: rest.count },
    get values() {
      numbers ??= numbersOf(data, type, rest.littleEndian);
      return numbers;
    },
  };
}

function numbersOf(data: Uint8Array, type: number, littleEndian: boolean): number[] {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const all = (size: number, read: (at: number) => number): number[] =>
    Array.from({ length: data.length / size }, (_, i) => read(size * i));
  switch (type) {
    case 1:
      return [...data];
    case 3:
      return all(2, (at) => view.getUint16(at, littleEndian));
    case 4:
    case 13:
      return all(4, (at) => view.getUint32(at, littleEndian));
    case 8:
      return all(2, (at) => view.getInt16(at, littleEndian));
    case 9:
      return all(4, (at) => view.getInt32(at, littleEndian));
    case 16:
      return all(8, (at) => Number(view.getBigUint64(at, littleEndian)));
    default:
      return [];
  }
}

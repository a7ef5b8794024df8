/** Unpacks the runs of a bitmap of 4 or 8 bits. */

/** The commands that follow a zero byte; greater numbers are a count of pixels that stand there themselves. */
const END_OF_ROW = 0;
const END_OF_PICTURE = 1;
const MOVE = 2;

interface RunsHeader {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
}

/** Indices [height, width], the first row that of the file; 0 where the file says nothing. Throws if it ends too early. */
export function unpackRuns(bytes: Uint8Array, { width, height, bits }: RunsHeader): Uint8Array {
  const indices = new Uint8Array(width * height);
  let [at, x, y] = [0, 0, 0];
  const put = (value: number): void => {
    if (x < width && y < height) indices[y * width + x] = value;
    x++;
  };
  /** The `i`th of pixels whose first are in `byte`: 4 bits each, or 8. */
  const part = (byte: number, i: number): number => (bits === 8 ? byte : i % 2 === 0 ? byte >> 4 : byte & 15);
  for (;;) {
    if (at + 1 >= bytes.length) throw new Error("it ends too early");
    const [count, value] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(part(value, i));
    else if (value === END_OF_PICTURE) return indices;
    else if (value === END_OF_ROW) [x, y] = [0, y + 1];
    else if (value === MOVE) {
      if (at + 1 >= bytes.length) throw new Error("it ends too early");
      [x, y] = [x + bytes[at]!, y + bytes[at + 1]!];
      at += 2;
    } else {
      const length = Math.ceil((value * bits) / 8);
      if (at + length > bytes.length) throw new Error("it ends too early");
      for (let i = 0; i < value; i++) put(part(bytes[at + Math.floor((i * bits) / 8)]!, i));
      at += length + (length % 2);
    }
  }
}

/** Arrays that numpy has saved: what tests compare with. */
import { readFileSync } from "node:fs";

const MAGIC = "\x93NUMPY";

/** The numbers of a `.npy` file (version 1) of little-endian float32 in C order, and their shape. */
export function readNpy(path: string): { shape: number[]; data: Float32Array } {
  const bytes = readFileSync(path);
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC || bytes[6] !== 1) throw new Error(`${path} is no .npy file`);
  const start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, start);
  const [, sizes] = /'descr': '<f4', 'fortran_order': False, 'shape': \(([^)]*)\)/.exec(header) ?? [];
  if (sizes === undefined) throw new Error(`${path}: expected float32 in C order but it has ${header}`);
  const shape = sizes.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number(size)]));
  return { shape, data: new Float32Array(Uint8Array.from(bytes.subarray(start)).buffer) };
}

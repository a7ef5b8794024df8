/** Reading `.pth`, PyTorch's files, in all three forms that they have had. */
import { type ByteSource, memorySource, readError, readSource } from "../byte-source.ts";
import { otherFormat } from "../other-formats.ts";
import type { PickleValue } from "./pickle.ts";
import { decodePickleForm, isPickle } from "./pickle-form.ts";
import { isTar } from "./tar.ts";
import { decodeTarForm } from "./tar-form.ts";
import { isZip } from "./zip.ts";
import { decodeZipForm } from "./zip-form.ts";

/**
 * What a `.pth` holds: numbers, text, arrays (lists, tuples, sets), Maps (dictionaries), tensors, null, and foreign
 * objects of any class, which are only data. Nothing vouches for its structure: it may be nested to any depth and hold itself.
 */
export type PthValue = PickleValue;

const KIND = "a .pth file";

/**
 * Reads a `.pth` file of any age; its beginning tells its form. Nothing in it is ever run, and no more of it is in memory
 * than its tensors and one storage that is being put in order. A file that is damaged, has another format or asks for
 * code is a `UserError`.
 */
export const readPth = async (path: string): Promise<PthValue> => readSource(path, KIND, decodePthSource);

/** The content of a `.pth` file's bytes; `file` is named in errors. */
export function decodePth(bytes: Uint8Array, file: string): PthValue {
  try {
    return decodePthSource(memorySource(bytes));
  } catch (error) {
    throw readError(error, file, KIND);
  }
}

/** The bytes at which files are told apart. */
export const headOf = (source: ByteSource): Uint8Array => source.read(0, Math.min(source.size, 512));

/** How the files that begin so are read, or undefined if they are no `.pth`. */
export function pthForm(head: Uint8Array): ((source: ByteSource) => PthValue) | undefined {
  if (isZip(head)) return decodeZipForm;
  if (isPickle(head)) return decodePickleForm;
  return isTar(head) ? decodeTarForm : undefined;
}

function decodePthSource(source: ByteSource): PthValue {
  const head = headOf(source);
  const decode = pthForm(head);
  if (!decode) throw otherFormat(head);
  return decode(source);
}

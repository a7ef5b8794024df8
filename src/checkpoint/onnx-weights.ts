/** The weights of an ONNX model: its constants that have the names of parameters. */
import { sizeOf } from "../graph/value.ts";
import { decodeModel } from "../onnx/model.ts";
import type { ByteSource } from "./byte-source.ts";
import { FormatError } from "./format-error.ts";
import { ELEMENT_ARRAYS, type StateDict, type StateTensor } from "./tensor.ts";

/** What a model holds. */
export interface OnnxWeights {
  readonly state: StateDict;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Constants that the writer made up, such as the shape of a reshape or the mean that pixels are normalised by. */
const MADE_UP = /^constant_/;

/** The constants of a model by name; `file` is named in errors. Unlike other formats, it is read whole. */
export function decodeOnnxWeights(source: ByteSource, file: string): OnnxWeights {
  const { initializers, metadata = {} } = decodeModel(source.read(0, source.size), file);
  const named = initializers.filter(({ name }) => !MADE_UP.test(name));
  const state = named.map(({ name, kind, shape, bytes }): [string, StateTensor] => {
    const ElementArray = ELEMENT_ARRAYS[kind];
    if (bytes.length !== sizeOf(shape) * ElementArray.BYTES_PER_ELEMENT)
      throw new FormatError(`"${name}" of shape [${shape.join(", ")}] has ${bytes.length} bytes`);
    const aligned = bytes.byteOffset % ElementArray.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
    return [
      name,
      { dtype: kind, shape, data: new ElementArray(aligned.buffer as ArrayBuffer, aligned.byteOffset, sizeOf(shape)) },
    ];
  });
  return { state: new Map(state), metadata };
}

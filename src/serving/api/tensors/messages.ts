/** Questions and answers of the Open Inference Protocol, from and to what is sent. */
import type { ModelTensor } from "../../../engines/onnx/model-file.ts";
import type { Tensors } from "../../models/served-model.ts";
import { ApiError } from "../errors.ts";
import { bytesOf, numbersFromBytes, textsFromBytes } from "./bytes.ts";
import { datatypeOf, elementsOf, numbersFrom, typeOf } from "./datatypes.ts";
import { type InferRequest, type InputTensor, inferRequest, type OutputTensor } from "./schemas.ts";

/** The header that tells where JSON ends and bytes begin. */
export const JSON_LENGTH = "inference-header-content-length";

/** A question as it was sent: JSON, and the bytes that follow it. */
export interface SentMessage {
  readonly body: Uint8Array;
  /** What the header `JSON_LENGTH` says. */
  readonly jsonLength?: string;
}

/** A question with its tensors. */
export interface Question extends Omit<InferRequest, "inputs"> {
  readonly tensors: Tensors;
}

const bad = (message: string, hint: string): ApiError => new ApiError(400, message, hint);
const SEE_DOCS = "See the form of requests in /docs.";

/** Reads a question; what is none is an `ApiError` of status 400. */
export function readQuestion({ body, jsonLength }: SentMessage): Question {
  const length = jsonLength === undefined ? body.length : Number(jsonLength);
  if (!Number.isInteger(length) || length < 0 || body.length < length) {
    const message = `${JSON_LENGTH}: expected the bytes of the JSON, at most ${body.length}, but got "${jsonLength}".`;
    throw bad(message, "Send the length of the JSON that comes before the tensors' bytes.");
  }
  const { inputs, ...rest } = parse(body.subarray(0, length));
  const [tensors, unused] = readTensors(inputs, body.subarray(length));
  if (unused === 0) return { ...rest, tensors };
  throw bad(
    `body: expected tensors of all bytes but ${unused} are left over.`,
    `Give each binary_data_size. ${SEE_DOCS}`,
  );
}

function parse(json: Uint8Array): InferRequest {
  let content: unknown;
  try {
    content = JSON.parse(new TextDecoder().decode(json));
  } catch (error) {
    throw bad(`body: expected JSON but it is none (${(error as Error).message}).`, SEE_DOCS);
  }
  const parsed = inferRequest.safeParse(content);
  if (parsed.success) return parsed.data;
  const [{ path = [], message = "" } = {}] = parsed.error.issues;
  const where = ["body", ...path].join(".");
  throw bad(`${where}: expected an inference request but it says: ${message}.`, SEE_DOCS);
}

function readTensors(inputs: readonly InputTensor[], bytes: Uint8Array): [Record<string, ModelTensor>, number] {
  const tensors: Record<string, ModelTensor> = {};
  let at = 0;
  for (const input of inputs) {
    const size = input.parameters?.binary_data_size;
    if (size === undefined) tensors[input.name] = tensorFromJson(input);
    else {
      const end = at + Number(size);
      if (!Number.isInteger(end) || end < at || bytes.length < end)
        throw bad(`input "${input.name}": expected ${size} bytes but ${bytes.length - at} are left.`, SEE_DOCS);
      tensors[input.name] = tensorFromBytes(input, bytes.subarray(at, end));
      at = end;
    }
  }
  return [tensors, bytes.length - at];
}

function tensorFromJson(input: InputTensor): ModelTensor {
  const elements = (input.data ?? []).flat(Number.POSITIVE_INFINITY);
  const { type, shape } = declared(input);
  if (type === "string") {
    if (!elements.every((element) => typeof element === "string")) throw unfit(input, "texts");
    return counted(input, { type, shape, data: elements });
  }
  const data = numbersFrom(type, elements);
  if (!data) throw unfit(input, type === "bool" ? "true and false" : "numbers");
  return counted(input, { type, shape, data });
}

function tensorFromBytes(input: InputTensor, bytes: Uint8Array): ModelTensor {
  const { type, shape } = declared(input);
  const data = type === "string" ? textsFromBytes(bytes) : numbersFromBytes(type, bytes);
  if (!data) throw unfit(input, "whole elements");
  return counted(input, { type, shape, data } as ModelTensor);
}

function declared({ name, datatype, shape }: InputTensor) {
  const type = typeOf(datatype);
  if (type) return { type, shape };
  throw bad(`input "${name}": expected a datatype such as FP32 or UINT8 but got "${datatype}".`, SEE_DOCS);
}

const unfit = ({ name, datatype }: InputTensor, expected: string): ApiError =>
  bad(`input "${name}": expected ${expected} for ${datatype} but its data are something else.`, SEE_DOCS);

function counted({ name }: InputTensor, tensor: ModelTensor): ModelTensor {
  const count = tensor.shape.reduce((product, size) => product * size, 1);
  if (tensor.data.length === count) return tensor;
  const shape = `[${tensor.shape.join(", ")}]`;
  throw bad(`input "${name}": expected ${count} elements for ${shape} but there are ${tensor.data.length}.`, SEE_DOCS);
}

/** An answer as it is sent: JSON, then the bytes of tensors that were asked for so. */
export interface Answer {
  readonly json: string;
  readonly bytes: readonly Uint8Array[];
}

/** Which model answers. */
export interface Answering {
  readonly name: string;
  readonly version: string;
}

/** Writes the answer to a question: the outputs that it asks for, or all. */
export function writeAnswer(question: Question, results: Tensors, { name, version }: Answering): Answer {
  const asked = question.outputs ?? Object.keys(results).map((output) => ({ name: output, parameters: undefined }));
  const bytes: Uint8Array[] = [];
  const outputs = asked.map(({ name: output, parameters }): OutputTensor => {
    const tensor = results[output];
    if (!tensor) {
      const known = Object.keys(results).join(", ");
      throw bad(`outputs: expected some of ${known} but got "${output}".`, "Leave outputs out to get all.");
    }
    const head = { name: output, datatype: datatypeOf(tensor.type), shape: [...tensor.shape] };
    if (!(parameters?.binary_data ?? question.parameters?.binary_data_output)) {
      return { ...head, data: tensor.type === "string" ? [...tensor.data] : elementsOf(tensor.type, tensor.data) };
    }
    const own = bytesOf(tensor);
    bytes.push(own);
    return { ...head, parameters: { binary_data_size: own.length } };
  });
  const { id } = question;
  return { json: JSON.stringify({ model_name: name, model_version: version, id, outputs }), bytes };
}

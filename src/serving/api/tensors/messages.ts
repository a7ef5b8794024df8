/** Questions and answers of the Open Inference Protocol, from and to what is sent. */
import type { ModelTensor } from "../../../engines/onnx/model-file.ts";
import { lookup } from "../../../lookup.ts";
import type { Tensors } from "../../models/served-model.ts";
import { ApiError } from "../errors.ts";
import { bytesOf, numbersFromBytes, textsFromBytes } from "./bytes.ts";
import { datatypeOf, typeOf } from "./datatypes.ts";
import { elementsOf, flatten, numbersFrom, textsFrom, Unfit } from "./elements.ts";
import { parseJson, writeJson } from "./exact-json.ts";
import { checkJson } from "./json-limits.ts";
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
export interface Question extends Partial<Omit<InferRequest, "inputs">> {
  readonly tensors: Tensors;
}

const bad = (message: string, hint: string): ApiError => new ApiError(400, message, hint);
const SEE_DOCS = "See the form of requests in /docs.";

/** Reads a question; what is none is an `ApiError` of status 400. */
export function readQuestion({ body, jsonLength }: SentMessage): Question {
  const length = jsonLength === undefined ? body.length : /^\d+$/.test(jsonLength) ? Number(jsonLength) : Number.NaN;
  if (!(length <= body.length)) {
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
  checkJson(json);
  let content: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(json);
    content = parseJson(text, { exact: /"U?INT64"/.test(text) });
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
  const tensors = new Map<string, ModelTensor>();
  let at = 0;
  for (const input of inputs) {
    const { name, data } = input;
    if (tensors.has(name)) throw bad(`input "${name}": expected each input once but it comes twice.`, SEE_DOCS);
    const size = input.parameters?.binary_data_size;
    if ((size === undefined) === (data === undefined)) {
      const received = data ? "there are both" : "there is neither";
      throw bad(`input "${name}": expected data or a binary_data_size but ${received}.`, SEE_DOCS);
    }
    const end = at + (size ?? 0);
    if (bytes.length < end)
      throw bad(`input "${name}": expected ${size} bytes but ${bytes.length - at} are left.`, SEE_DOCS);
    tensors.set(name, data ? tensorFromJson(input, data) : tensorFromBytes(input, bytes.subarray(at, end)));
    at = end;
  }
  return [Object.fromEntries(tensors), bytes.length - at];
}

function tensorFromJson(input: InputTensor, data: readonly unknown[]): ModelTensor {
  const { type, shape } = declared(input);
  return fitting(input, "data", () => {
    const elements = flatten(data, shape);
    counted(input, elements.values.length);
    return type === "string"
      ? { type, shape, data: textsFrom(elements) }
      : { type, shape, data: numbersFrom(type, elements) };
  });
}

function tensorFromBytes(input: InputTensor, bytes: Uint8Array): ModelTensor {
  const { type, shape } = declared(input);
  const data = fitting(input, "element ", () =>
    type === "string" ? textsFromBytes(bytes) : numbersFromBytes(type, bytes),
  );
  if (!data) {
    const message = `input "${input.name}": expected whole elements of ${input.datatype} but its ${bytes.length} bytes are something else.`;
    throw bad(message, SEE_DOCS);
  }
  counted(input, data.length);
  return { type, shape, data } as ModelTensor;
}

/** What is made of an input; an element that is unfit is told as a bad request, with its index. */
function fitting<Made>({ name, datatype }: InputTensor, what: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const where = `input "${name}", ${what}${error.index.map((at) => `[${at}]`).join("")}`;
    throw bad(`${where}: expected ${error.expected} for ${datatype} but got ${error.received}.`, SEE_DOCS);
  }
}

function declared({ name, datatype, shape }: InputTensor) {
  const type = typeOf(datatype);
  if (type) return { type, shape };
  throw bad(`input "${name}": expected a datatype such as FP32 or UINT8 but got "${datatype}".`, SEE_DOCS);
}

function counted({ name, shape }: InputTensor, received: number): void {
  const count = shape.reduce((product, size) => product * size, 1);
  if (received === count) return;
  const text = `[${shape.join(", ")}]`;
  throw bad(`input "${name}": expected ${count} elements for ${text} but there are ${received}.`, SEE_DOCS);
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
  const all = Object.keys(results).map((output) => ({ name: output, parameters: undefined }));
  const asked = question.outputs?.length ? question.outputs : all;
  const bytes: Uint8Array[] = [];
  const outputs = asked.map(({ name: output, parameters }): OutputTensor => {
    const tensor = lookup(results, output);
    if (!tensor) {
      const known = Object.keys(results).join(", ");
      throw bad(`outputs: expected some of ${known} but got "${output}".`, "Leave outputs out to get all.");
    }
    const head = { name: output, datatype: datatypeOf(tensor.type), shape: [...tensor.shape] };
    if (!(parameters?.binary_data ?? question.parameters?.binary_data_output))
      return { ...head, data: jsonData(name, output, tensor) };
    const own = bytesOf(tensor);
    bytes.push(own);
    return { ...head, parameters: { binary_data_size: own.length } };
  });
  const { id } = question;
  return { json: writeJson({ model_name: name, model_version: version, id, outputs }), bytes };
}

/** The elements of an output; JSON has no NaN and no infinity, and null would be no answer. */
function jsonData(model: string, output: string, tensor: ModelTensor): NonNullable<OutputTensor["data"]> {
  if (tensor.type === "string") return [...tensor.data];
  try {
    return elementsOf(tensor.type, tensor.data);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const message = `"${model}", output "${output}", element ${error.index}: ${error.message}, which JSON cannot hold.`;
    const hint =
      'Ask for bytes with {"binary_data": true} in the output\'s parameters, or look at the inputs and at the weights.';
    throw new ApiError(500, message, hint);
  }
}

/** The thread that classifies: loads the model once, then answers pictures one after the other. */
/// <reference lib="webworker" />
import type { InferenceSession, Tensor } from "onnxruntime-web";
import { UnreadKind } from "../src/image/formats/refusals.ts";
import type { Failure, Question, Told } from "./messages.ts";
import { inputSize, type PageModel } from "./model.ts";
import { decode, imageDataOf, prepare } from "./pixels.ts";
import { Problem } from "./problem.ts";

declare const self: DedicatedWorkerGlobalScope;

/** The parts of onnxruntime-web that are used here. */
interface Runtime {
  readonly env: { readonly wasm: { numThreads?: number; wasmPaths?: { wasm: string } }; logLevel?: string };
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<InferenceSession> };
  readonly Tensor: new (type: "uint8", data: Uint8Array, dims: readonly number[]) => Tensor;
}

const tell = (told: Told): void => self.postMessage(told);
const fileAt = (path: string): string => new URL(path, self.location.href).href;

async function fetchFile(path: string): Promise<Response> {
  const response = await fetch(fileAt(path)).catch(() => undefined);
  if (response?.ok) return response;
  throw new Problem(
    `${path} could not be loaded${response ? ` (${response.status})` : ""}.`,
    "Put all files of the export on the server, and load this page again.",
  );
}

/** The model's bytes; how far it is is told on the way. */
async function fetchModel(): Promise<Uint8Array> {
  const response = await fetchFile("model.onnx");
  const total = Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const reader = response.body?.getReader();
  for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
    chunks.push(part.value);
    loaded += part.value.length;
    tell({ kind: "loading", loaded, total });
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

async function loadRuntime(): Promise<Runtime> {
  const runtime: Runtime = await import(/* @vite-ignore */ fileAt("ort/ort.js")).catch(() => {
    throw new Problem(
      "ort/ort.js could not be loaded.",
      "Put all files of the export on the server, and load this page again.",
    );
  });
  runtime.env.wasm.wasmPaths = { wasm: fileAt("ort/ort.wasm") };
  if (!self.crossOriginIsolated) runtime.env.wasm.numThreads = 1; // threads need memory that is shared
  return runtime;
}

async function load(): Promise<{ model: PageModel; runtime: Runtime; session: InferenceSession }> {
  const [model, bytes, runtime] = await Promise.all([
    fetchFile("model.json").then((response): Promise<PageModel> => response.json()),
    fetchModel(),
    loadRuntime(),
  ]);
  const session = await runtime.InferenceSession.create(bytes, { executionProviders: ["wasm"] });
  tell({ kind: "ready", model });
  return { model, runtime, session };
}

async function answer({ id, picture }: Question): Promise<void> {
  const { model, runtime, session } = await loaded;
  const start = performance.now();
  const { preprocessing: input } = model;
  const image = await decode(picture, input).catch((error: unknown) => {
    if (error instanceof UnreadKind) throw new Problem(`This page cannot read ${error.message}.`, error.hint);
    throw new Problem(
      "This browser cannot open the file as a picture.",
      `Take a JPEG, PNG or WebP file. (${error instanceof Error ? error.message : String(error)})`,
    );
  });
  const seen = prepare(image, input);
  const { height, width, channels } = inputSize(input);
  const pixels = new runtime.Tensor("uint8", seen.data, [1, height, width, channels]);
  const { probabilities } = await session.run({ pixels });
  tell({
    ...{ kind: "answer", id, probabilities: probabilities?.data as Float32Array, seen: imageDataOf(seen) },
    ...{ width: image.width, height: image.height, milliseconds: performance.now() - start },
  });
}

function failureOf(error: unknown, id?: number): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Problem ? error.hint : "Load this page again, or try another browser.";
  return { kind: "failure", id, message, hint };
}

const loaded = load();
loaded.catch((error: unknown) => tell(failureOf(error)));

let last: Promise<void> = Promise.resolve();
self.addEventListener("message", ({ data }: MessageEvent<Question>) => {
  last = last.then(() => answer(data)).catch((error: unknown) => tell(failureOf(error, data.id)));
});

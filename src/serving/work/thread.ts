/** A thread that decodes pictures and reads messages, one after the other. */
import { parentPort } from "node:worker_threads";
import { UserError } from "../../errors.ts";
import { preparePicture } from "../../explain/explain-picture.ts";
import { type ErrorData, errorData } from "../../thread.ts";
import { ApiError } from "../api/errors.ts";
import { readQuestion } from "../api/tensors/messages.ts";
import { readPicturePixels, thumbnail } from "./picture.ts";
import type { Work } from "./work.ts";

/** What the thread answers. */
export type Done =
  | { readonly result: unknown }
  | { readonly refusal: { readonly status: number; readonly message: string; readonly hint: string } }
  | { readonly error: ErrorData };

async function perform(work: Work): Promise<unknown> {
  switch (work.kind) {
    case "picture":
      return readPicturePixels(work.picture, work.model);
    case "question":
      return readQuestion(work.message);
    case "thumbnail":
      return thumbnail(work.file, work.options);
    case "preparation":
      return preparePicture(work.source, work.model, work.name);
  }
}

/** The memory that may be handed over with an answer instead of being copied. */
function buffersIn(value: unknown): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    const isWhole = value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength;
    return isWhole ? [value.buffer as ArrayBuffer] : [];
  }
  const isRecord = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isRecord ? Object.values(value).flatMap(buffersIn) : [];
}

async function answerTo(work: Work): Promise<Done> {
  try {
    return { result: await perform(work) };
  } catch (error) {
    if (!(error instanceof ApiError) || error instanceof UserError) return { error: errorData(error) };
    return { refusal: { status: error.status, message: error.message, hint: error.hint } };
  }
}

parentPort?.on("message", async (work: Work) => {
  const done = await answerTo(work);
  parentPort?.postMessage(done, [...new Set("result" in done ? buffersIn(done.result) : [])]);
});

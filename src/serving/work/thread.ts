/** A thread that decodes pictures and reads messages, one after the other. */
import { platform, setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { UserError } from "../../errors.ts";
import { preparePicture } from "../../explain/explain-picture.ts";
import { type ErrorData, errorData } from "../../thread.ts";
import { ApiError } from "../api/errors.ts";
import { readQuestion } from "../api/tensors/messages.ts";
import { memoryOf } from "./memory.ts";
import { readPicturePixels, thumbnail } from "./picture.ts";
import type { Work } from "./work.ts";

/** What the thread answers. */
export type Done =
  | { readonly result: unknown }
  | { readonly refusal: { readonly status: number; readonly message: string; readonly hint: string } }
  | { readonly error: ErrorData };

/** How far the thread gives way to the one that answers, where both want a core; enough to decode beside a busy engine. */
const NICE = 5;

/** On Linux it is this thread that gives way, elsewhere it would be the whole process. Where it may not, it goes on as it is. */
function giveWay(): void {
  try {
    if (platform() === "linux") setPriority(NICE);
  } catch {}
}

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

async function answerTo(work: Work): Promise<Done> {
  try {
    return { result: await perform(work) };
  } catch (error) {
    if (!(error instanceof ApiError) || error instanceof UserError) return { error: errorData(error) };
    return { refusal: { status: error.status, message: error.message, hint: error.hint } };
  }
}

giveWay();
parentPort?.on("message", async (work: Work) => {
  const done = await answerTo(work);
  parentPort?.postMessage(done, "result" in done ? memoryOf(done.result) : []);
});

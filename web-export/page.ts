/** The page: a picture is dropped, pasted, chosen or seen by the camera, and the classifier's answer is shown. */
import { startCamera } from "./camera.ts";
import type { Answer, Failure, Question, Told } from "./messages.ts";
import type { PageModel } from "./model.ts";
import { Problem } from "./problem.ts";
import { showAnswer, showModel } from "./show.ts";

const element = <Type extends HTMLElement>(id: string): Type => document.getElementById(id) as Type;

const status = element("status");
const progress = element<HTMLProgressElement>("progress");
const picture = element<HTMLImageElement>("picture");
const video = element<HTMLVideoElement>("video");
const file = element<HTMLInputElement>("file");
const cameraButton = element<HTMLButtonElement>("camera");
const again = element<HTMLButtonElement>("again");

const classifier = new Worker(new URL("./classifier.ts", import.meta.url), { type: "module" });
element("unserved").remove(); // this script runs, so the page was served
let model: PageModel | undefined;
let asked = 0;
let stopCamera: (() => void) | undefined;
/** What waits for the answer to a frame of the camera. */
let frameDone: (() => void) | undefined;

function ask(question: Blob | ImageBitmap): void {
  asked++;
  const message: Question = { id: asked, picture: question };
  classifier.postMessage(message, question instanceof ImageBitmap ? [question] : []);
}

function fail(message: string, hint: string): void {
  element("message").textContent = message;
  element("hint").textContent = hint;
  element("problem").hidden = false;
  status.textContent = model ? "No answer" : "The model could not be loaded";
  progress.hidden = true;
  element("classes").replaceChildren();
  element("details").hidden = true;
}

/** Shows one of the picture, the camera, or the invitation to choose something. */
function stage(shown: HTMLElement | undefined, name = ""): void {
  for (const each of [picture, video, element("drop")]) each.hidden = each !== (shown ?? element("drop"));
  again.hidden = !shown;
  file.hidden = shown !== undefined; // the button does the same
  element("name").textContent = name;
}

function classify(chosen: File): void {
  stopCamera?.();
  element("problem").hidden = true;
  URL.revokeObjectURL(picture.src);
  picture.src = URL.createObjectURL(chosen);
  picture.alt = `The picture ${chosen.name}`;
  stage(picture, chosen.name);
  if (model) status.textContent = "Looking…";
  ask(chosen);
}

picture.addEventListener("load", () => picture.classList.toggle("tiny", picture.naturalWidth < 100));
picture.addEventListener("error", () => stage(undefined)); // what to do is told by the classifier

function classifyFirst(files: FileList | undefined | null): void {
  const [first] = files ?? [];
  if (first) classify(first);
}

function onReady(loaded: PageModel): void {
  model = loaded;
  showModel(loaded);
  progress.hidden = true;
  if (asked === 0) status.textContent = "Ready: choose a picture.";
  else status.textContent = "Looking…";
}

function onAnswer(answer: Answer): void {
  frameDone?.();
  if (answer.id !== asked || !model) return; // a newer picture is being looked at
  showAnswer(answer, model);
}

function onFailure({ id, message, hint }: Failure): void {
  frameDone?.();
  if (id === undefined || id === asked) fail(message, hint);
}

classifier.addEventListener("message", ({ data }: MessageEvent<Told>) => {
  if (data.kind === "ready") onReady(data.model);
  else if (data.kind === "answer") onAnswer(data);
  else if (data.kind === "failure") onFailure(data);
  else if (data.total > 0) progress.value = data.loaded / data.total;
});
classifier.addEventListener("error", () => {
  fail("The classifier could not be started.", "Use a browser of the last two years, and load this page again.");
});

file.addEventListener("change", () => {
  classifyFirst(file.files);
  file.value = ""; // so that the same file can be chosen again
});
again.addEventListener("click", () => file.click());
document.addEventListener("paste", ({ clipboardData }) => classifyFirst(clipboardData?.files));
for (const kind of ["dragover", "dragleave", "drop"] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    document.body.classList.toggle("over", kind === "dragover");
    if (kind === "drop") classifyFirst(event.dataTransfer?.files);
  });
}
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape") stopCamera?.();
});

async function useCamera(): Promise<void> {
  element("problem").hidden = true;
  const look = (frame: ImageBitmap): Promise<void> =>
    new Promise((resolve) => {
      frameDone = resolve;
      ask(frame);
    });
  try {
    const stop = await startCamera(video, look);
    stage(video, "The camera is on. Esc stops it.");
    cameraButton.textContent = "Stop the camera";
    status.setAttribute("aria-live", "off"); // an answer for each frame would not stop talking
    stopCamera = () => {
      stopCamera = undefined;
      stop();
      stage(undefined);
      cameraButton.textContent = "Use the camera";
      status.removeAttribute("aria-live");
    };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    fail(error.message, error.hint);
  }
}

cameraButton.addEventListener("click", () => {
  if (stopCamera) stopCamera();
  else void useCamera();
});

/** Frames of the camera, one after the other. */
import { Problem } from "./problem.ts";

const REASONS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  NotAllowedError: ["The camera may not be used.", "Allow this page to use it, in the address bar of the browser."],
  NotFoundError: ["There is no camera.", "Connect one, or choose a picture."],
  NotReadableError: ["The camera is in use.", "Close the other program that uses it."],
};

/**
 * Shows the camera in `video` and gives `look` one frame after the other, the next when the last one is done. Returns what
 * stops it; a camera that cannot be used is a `Problem`.
 */
export async function startCamera(
  video: HTMLVideoElement,
  look: (frame: ImageBitmap) => Promise<void>,
): Promise<() => void> {
  if (!navigator.mediaDevices) {
    throw new Problem("The camera cannot be used on this page.", "Serve the page by https, or from localhost.");
  }
  const stream = await navigator.mediaDevices
    .getUserMedia({ video: { facingMode: "environment" } })
    .catch((error: DOMException) => {
      const [message, hint] = REASONS[error.name] ?? ["The camera cannot be used.", error.message];
      throw new Problem(message, hint);
    });
  video.srcObject = stream;
  await video.play();
  let running = true;
  const watch = async (): Promise<void> => {
    while (running) await look(await createImageBitmap(video));
  };
  void watch().catch(() => {}); // the camera went away
  return () => {
    running = false;
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  };
}

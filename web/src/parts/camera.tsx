import { useEffect, useRef, useState } from "preact/hooks";
import { Notes } from "./notes.tsx";

const FAULTS: Readonly<Record<string, readonly [message: string, hint: string]>> = {
  NotAllowedError: ["The camera may not be used.", "Allow it in the browser's address bar, and open it again."],
  NotFoundError: ["There is no camera.", "Drop a picture instead."],
  NotReadableError: ["The camera is in use elsewhere.", "Close the other program, and open it again."],
};

/** What the camera sees, and a button that takes a picture of it. */
export function Camera({ onPicture }: { onPicture: (picture: Blob) => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [fault, setFault] = useState<string>();
  useEffect(() => {
    let stream: MediaStream | undefined;
    let gone = false;
    const open = async (): Promise<void> => {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      if (gone) return stop();
      if (video.current) video.current.srcObject = stream;
    };
    const stop = (): void => {
      for (const track of stream?.getTracks() ?? []) track.stop();
    };
    open().catch((error: unknown) => setFault(error instanceof Error ? error.name : "NotFoundError"));
    return () => {
      gone = true;
      stop();
    };
  }, []);
  if (fault !== undefined) {
    const [message, hint] = FAULTS[fault] ?? ["The camera cannot be opened.", "Drop a picture instead."];
    return <Notes notes={[{ message, hint }]} kind="error" />;
  }
  const shoot = (): void => {
    const shown = video.current;
    if (!shown || shown.videoWidth === 0) return;
    const canvas = document.createElement("canvas");
    canvas.width = shown.videoWidth;
    canvas.height = shown.videoHeight;
    canvas.getContext("2d")?.drawImage(shown, 0, 0);
    canvas.toBlob((picture) => picture && onPicture(picture), "image/png");
  };
  return (
    <div class="camera">
      <video ref={video} autoplay playsInline muted aria-label="What the camera sees" />
      <button type="button" class="primary" onClick={shoot}>
        Classify this
      </button>
    </div>
  );
}

/** Short messages, with a way back. */
import { signal } from "@preact/signals";

interface Toast {
  readonly text: string;
  readonly undo?: () => void;
}

const shown = signal<Toast | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;
const MILLISECONDS = 12_000;

/** Shows a message for a while; with `undo` there is a button for it. */
export function tell(text: string, undo?: () => void): void {
  clearTimeout(timer);
  shown.value = { text, undo };
  timer = setTimeout(() => {
    shown.value = null;
  }, MILLISECONDS);
}

/** Takes back what the message that is shown is about. */
export function undoLast(): void {
  const undo = shown.value?.undo;
  shown.value = null;
  undo?.();
}

/** Where messages are shown. */
export function Toasts() {
  const toast = shown.value;
  return (
    <div class="toasts" role="status">
      {toast && (
        <div class="toast">
          <span>{toast.text}</span>
          {toast.undo && (
            <button type="button" class="plain" onClick={undoLast}>
              Undo
            </button>
          )}
        </div>
      )}
    </div>
  );
}

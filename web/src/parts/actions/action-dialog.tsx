import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Note } from "../../../../src/serving/dashboard/api.ts";
import { noteOf } from "../../server.ts";
import { Dialog } from "../dialog.tsx";
import { Notes } from "../notes.tsx";

/** A question before something is done. */
export interface ActionDialogProps {
  readonly title: string;
  /** What is on the button that does it. */
  readonly verb: string;
  readonly isGrave?: boolean;
  /** Does it; what it throws is shown, and the window stays open. */
  readonly act: () => Promise<void>;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** A window that asks for what an action needs, and shows why it could not be done. */
export function ActionDialog({ title, verb, isGrave, act, onClose, children }: ActionDialogProps) {
  const [fault, setFault] = useState<Note>();
  const [isBusy, setBusy] = useState(false);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setFault(undefined);
    act().then(onClose, (error: unknown) => {
      setBusy(false);
      setFault(noteOf(error));
    });
  };
  return (
    <Dialog title={title} kind="action" onClose={onClose}>
      <form noValidate onSubmit={submit}>
        {children}
        {fault && <Notes notes={[fault]} kind="error" />}
        <div class="actions end">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={isGrave ? "grave" : "primary"} aria-disabled={isBusy}>
            {verb}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

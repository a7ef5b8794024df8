import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

/** A window over the page. */
export interface DialogProps {
  readonly title: string;
  readonly kind?: string;
  readonly onClose: () => void;
  /** What gets the focus at the end, where that is not what had it before. */
  readonly returnTo?: () => HTMLElement | null;
  /** Buttons beside the title. */
  readonly buttons?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** A modal window: Escape closes it, and the focus goes back to where it was. */
export function Dialog({ title, kind = "", onClose, returnTo, buttons, children }: DialogProps) {
  const id = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const target = useRef(returnTo);
  target.current = returnTo;
  useEffect(() => {
    const element = dialog.current;
    const before = document.activeElement;
    element?.showModal();
    return () => {
      element?.close(); // what is outside a modal window cannot have the focus
      const wanted = target.current?.() ?? before;
      if (wanted instanceof HTMLElement && wanted.isConnected) wanted.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={dialog}
      class={kind}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {buttons}
      </header>
      {children}
    </dialog>
  );
}

/** Keys that work everywhere, and the list of all keys. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { go } from "../router.ts";
import { Dialog } from "./dialog.tsx";
import { undoLast } from "./toast.tsx";

const KEYS: readonly (readonly [keys: string, what: string])[] = [
  ["/", "filter the list of runs"],
  ["j k", "next and previous run in the list"],
  ["x", "choose the run for comparison"],
  ["c", "compare the chosen runs"],
  ["n", "new run"],
  ["← →", "previous and next picture, when one is open"],
  ["e", "leave the open picture out of the next training"],
  ["h", "the heat map of the open picture, or the picture alone"],
  ["u", "undo what was done last"],
  ["Esc", "close what is open"],
  ["?", "this list"],
];

const isOpen = signal(false);

/** Whether a key was pressed for the page and not for a field. */
export function isForPage(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return false;
  return !(event.target instanceof Element && event.target.closest("input:not([type=checkbox]), textarea, select"));
}

/** Calls `actions` for keys while a part is shown. */
export function useKeys(actions: Readonly<Record<string, () => void>>): void {
  const last = useRef(actions);
  last.current = actions;
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const action = isForPage(event) ? last.current[event.key] : undefined;
      if (!action) return;
      event.preventDefault();
      action();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}

const open = (): void => {
  isOpen.value = true;
};

/** Says that there are keys, and lists them. */
export const ShortcutsButton = () => (
  <button
    type="button"
    class="plain keys-button"
    aria-label="Keys ? Keyboard shortcuts"
    aria-keyshortcuts="?"
    onClick={open}
  >
    <span>Keys</span> <kbd>?</kbd>
  </button>
);

/** The list of keys, opened with `?`. */
export function Shortcuts() {
  useKeys({ "?": open, n: () => go("/new"), u: undoLast });
  if (!isOpen.value) return null;
  const close = (): void => {
    isOpen.value = false;
  };
  return (
    <Dialog title="Keys" kind="keys" onClose={close}>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(" ").map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <button type="button" onClick={close}>
        Close
      </button>
    </Dialog>
  );
}

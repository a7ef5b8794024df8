/** Where the keyboard is: whatever vanishes under it hands the focus on to what is nearest, and Back returns it to where it was. */

const FOCUSABLE =
  'a[href], button:not(:disabled), input:not(:disabled), select:not(:disabled), textarea:not(:disabled), summary, [tabindex="0"]';

/** What has the focus, and its place among what can have it in each part of the page around it. */
interface Place {
  readonly element: HTMLElement;
  /** Whether it is in a message, which goes away by itself. */
  readonly isMessage: boolean;
  readonly around: readonly { readonly part: HTMLElement; readonly index: number }[];
}

let last: Place | undefined;
/** What had the focus before it went to a message, which goes away by itself. */
let beforeMessage: HTMLElement | undefined;

const focusables = (part: HTMLElement): HTMLElement[] => [...part.querySelectorAll<HTMLElement>(FOCUSABLE)];

function remember({ target, relatedTarget }: FocusEvent): void {
  if (!(target instanceof HTMLElement)) return;
  const isMessage = target.closest(".toasts") !== null;
  if (isMessage && relatedTarget instanceof HTMLElement && !relatedTarget.closest(".toasts"))
    beforeMessage = relatedTarget;
  const around: Place["around"][number][] = [];
  for (let part = target.parentElement; part && !part.matches("main, #app"); part = part.parentElement)
    around.push({ part, index: focusables(part).indexOf(target) });
  last = { element: target, isMessage, around };
}

/** Gives the focus to a part without scrolling there. */
const give = (element: HTMLElement | null | undefined): void => element?.focus({ preventScroll: true });

/** What is nearest to where something was; undefined if nothing around it is left. */
function nearestTo({ isMessage, around }: Place): HTMLElement | undefined {
  if (isMessage && beforeMessage?.isConnected) return beforeMessage;
  for (const { part, index } of around) {
    const there = part.isConnected ? focusables(part) : [];
    if (0 < there.length) return there[Math.min(index, there.length - 1)];
  }
  return undefined;
}

function handOn(): void {
  if (!last || last.element.isConnected || document.activeElement !== document.body) return;
  give(nearestTo(last) ?? document.querySelector("h1"));
}

/** Keeps the focus on the page; to be called once. */
export function keepFocus(): void {
  document.addEventListener("focusin", remember);
  new MutationObserver(handOn).observe(document.body, { childList: true, subtree: true });
}

/** What finds the element again that has the focus; undefined if nothing would. */
export function focusedNow(): string | undefined {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element === document.body) return undefined;
  if (element.id) return `#${CSS.escape(element.id)}`;
  const href = element.getAttribute("href");
  const label = element.getAttribute("aria-label");
  if (href !== null) return `${element.closest("main") ? "main " : ""}a[href="${CSS.escape(href)}"]`;
  return label === null ? undefined : `${element.tagName.toLowerCase()}[aria-label="${CSS.escape(label)}"]`;
}

/** Milliseconds that a page may take to show what is to have the focus. */
const PATIENCE = 10_000;

/** Gives the focus to what a selector finds, as soon as it is there; until then to the page's heading. */
export function focusOn(selector: string | undefined): void {
  const until = performance.now() + PATIENCE;
  const look = (isFirst: boolean): void => {
    const found = selector === undefined ? null : document.querySelector<HTMLElement>(selector);
    if (found) {
      found.focus();
      return;
    }
    const isFree = document.activeElement === document.body || document.activeElement?.tagName === "H1";
    if (!isFirst && !isFree) return; // a person has gone on
    const heading = document.querySelector("h1");
    if (heading) give(heading);
    else if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    const isWaiting = selector !== undefined || heading === null;
    if (isWaiting && performance.now() < until) requestAnimationFrame(() => look(false));
  };
  requestAnimationFrame(() => look(true));
}

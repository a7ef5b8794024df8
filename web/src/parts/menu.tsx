import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** Something that can be chosen. */
export interface MenuItem {
  readonly label: string;
  readonly act: () => void;
  readonly isGrave?: boolean;
}

/** Where a key leads from the entry that has the focus; undefined for other keys. */
function entryAfter(key: string, entries: readonly HTMLButtonElement[]): HTMLButtonElement | undefined {
  const at = entries.indexOf(document.activeElement as HTMLButtonElement);
  if (key === "Home") return entries[0];
  if (key === "End") return entries.at(-1);
  if (key === "ArrowDown") return entries[(at + 1) % entries.length];
  return key === "ArrowUp" ? entries.at(at <= 0 ? -1 : at - 1) : undefined;
}

/** A button that opens a list of things to do; arrows move in it, Escape closes it, and the focus goes back to the button. */
export function Menu({ label, items }: { label: string; items: readonly MenuItem[] }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const entries = (): HTMLButtonElement[] => [
    ...(box.current?.querySelectorAll<HTMLButtonElement>("[role=menuitem]") ?? []),
  ];
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useLayoutEffect(() => {
    if (!isOpen) return;
    entries()[0]?.focus();
    const outside = (event: Event): void => {
      if (event.target instanceof Node && !box.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [isOpen]);
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Tab") setOpen(false);
    const to = entryAfter(event.key, entries());
    if (event.key === "Escape") close();
    else if (!to) return;
    to?.focus();
    event.preventDefault();
  };
  return (
    <div class="menu" ref={box}>
      <button
        ref={button}
        type="button"
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown" || isOpen) return;
          event.preventDefault();
          setOpen(true);
        }}
      >
        {label}
        <span class="arrow" aria-hidden="true" />
      </button>
      {isOpen && (
        <div role="menu" aria-label={label} tabIndex={-1} onKeyDown={press}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role="menuitem"
              tabIndex={-1}
              class={item.isGrave ? "grave" : undefined}
              onClick={() => {
                close();
                item.act();
              }}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** Addresses within the page: the browser's history is the only state of where one is. */
import { computed, signal } from "@preact/signals";
import { focusedNow, focusOn } from "./focus.ts";

const here = (): URL => new URL(location.href);
const url = signal(here());

/** The parts of the path, decoded: `["runs", "a/b", "pictures"]`. */
export const path = computed(() => url.value.pathname.split("/").filter(Boolean).map(decodePart));

/** What stands behind the question mark. */
export const query = computed(() => url.value.searchParams);

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** How `go` changes the history. */
interface GoOptions {
  /** Without a new entry, as for a filter that is being typed. */
  readonly replace?: boolean;
  /** What the history keeps with the entry. */
  readonly state?: unknown;
  /** What gets the focus instead of the heading of a new page: a selector. */
  readonly focus?: string;
}

/** What is one page: a run with all its tabs, or anything else by its path. */
const pageOf = (pathname: string): string => (/^\/runs\/[^/]+/.exec(pathname) ?? [pathname])[0];

/** Goes to an address within the page. A new page begins at its top, its heading read out; Back returns the focus to where it was. */
export function go(href: string, { replace = false, state = null, focus }: GoOptions = {}): void {
  const next = new URL(href, location.href);
  const isPage = pageOf(next.pathname) !== pageOf(location.pathname);
  if (replace) history.replaceState(history.state, "", next);
  else if (next.href !== location.href) {
    history.replaceState({ ...history.state, focus: focusedNow() }, "");
    history.pushState(state, "", next);
  }
  url.value = next;
  if (isPage) scrollTo(0, 0);
  if (isPage || focus !== undefined) focusOn(focus);
}

/** The present address with other values behind the question mark; null and "" take one away. */
export function withQuery(changes: Readonly<Record<string, string | number | null>>): string {
  const params = new URLSearchParams(url.value.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") params.delete(name);
    else params.set(name, String(value));
  }
  const text = params.toString();
  return text === "" ? url.value.pathname : `${url.value.pathname}?${text}`;
}

/** The address of a run's page. */
export const runHref = (id: string, tab = ""): string => `/runs/${encodeURIComponent(id)}${tab && `/${tab}`}`;

/** Follows links within the page without loading it again; to be called once. */
export function followLinks(): void {
  addEventListener("popstate", ({ state }) => {
    const isPage = pageOf(location.pathname) !== pageOf(url.value.pathname);
    url.value = here();
    if (isPage) focusOn(state?.focus);
  });
  document.addEventListener("click", (event) => {
    const usual = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!usual || event.defaultPrevented || !link || link.target || link.download) return;
    if (link.origin !== location.origin || link.pathname.startsWith("/api/") || link.getAttribute("href") === "#main")
      return;
    event.preventDefault();
    go(link.href);
  });
}

import { useEffect } from "preact/hooks";
import { keepFocus } from "./focus.ts";
import { BinPage } from "./pages/bin.tsx";
import { ComparePage } from "./pages/compare.tsx";
import { MarksPage } from "./pages/marks.tsx";
import { NewRunPage } from "./pages/new-run.tsx";
import { NotFound } from "./pages/not-found.tsx";
import { RunPage } from "./pages/run.tsx";
import { RunsPage } from "./pages/runs.tsx";
import { Shortcuts, ShortcutsButton } from "./parts/shortcuts.tsx";
import { Toasts } from "./parts/toast.tsx";
import { followLinks, path, query } from "./router.ts";
import { isConnected } from "./server.ts";
import { type Theme, theme } from "./theme.ts";

const THEMES: readonly (readonly [Theme, string])[] = [
  ["system", "Auto"],
  ["light", "Light"],
  ["dark", "Dark"],
];

function ThemeChoice() {
  return (
    <label class="theme">
      <span class="hidden">Colours</span>
      <select
        value={theme.value}
        onChange={(event) => {
          theme.value = event.currentTarget.value as Theme;
        }}
      >
        {THEMES.map(([name, label]) => (
          <option key={name} value={name}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}

function Header() {
  const [first = "runs"] = path.value;
  const current = (name: string) => (first === name ? "page" : undefined);
  return (
    <header class="top">
      <a href="#main" class="skip">
        Skip to the content
      </a>
      <a href="/" class="brand" aria-label="ocelli: all runs">
        <svg viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
          <circle cx="16" cy="10" r="5" />
          <circle cx="9" cy="21.5" r="5" />
          <circle cx="23" cy="21.5" r="5" />
        </svg>
        ocelli
      </a>
      <nav aria-label="Main">
        <a href="/" aria-current={current("runs")}>
          Runs
        </a>
        <a href="/new" aria-current={current("new")}>
          New run
        </a>
      </nav>
      <ShortcutsButton />
      <ThemeChoice />
    </header>
  );
}

function Page() {
  const [first, second, third = ""] = path.value;
  if (first === undefined) return <RunsPage />;
  if (first === "runs" && second !== undefined) return <RunPage key={second} id={second} tab={third} />;
  if (first === "compare") return <ComparePage />;
  if (first === "new") return <NewRunPage key={query.value.get("from")} />;
  if (first === "bin") return <BinPage />;
  if (first === "marks") return <MarksPage />;
  return <NotFound />;
}

/** The whole page. */
export function App() {
  useEffect(followLinks, []);
  useEffect(keepFocus, []);
  return (
    <>
      <Header />
      {!isConnected.value && (
        <p class="lost" role="alert">
          The dashboard's server does not answer. Start it again with <code>ocelli ui</code>; this page goes on by
          itself.
        </p>
      )}
      <main id="main" tabIndex={-1}>
        <Page />
      </main>
      <Toasts />
      <Shortcuts />
    </>
  );
}

import { useEffect, useRef, useState } from "preact/hooks";
import type { RunEntry, RunList } from "../../../src/serving/dashboard/api.ts";
import { ago, counted, duration, figure, percent } from "../format.ts";
import { listen } from "../live.ts";
import { LiveLines } from "../parts/live-figures.tsx";
import { Empty, Loading } from "../parts/notes.tsx";
import { useKeys } from "../parts/shortcuts.tsx";
import { Sparkline } from "../parts/sparkline.tsx";
import { State } from "../parts/state.tsx";
import { useTitle } from "../parts/title.tsx";
import { go, query, runHref, withQuery } from "../router.ts";

/** A column by which the list may be sorted. */
interface Column {
  readonly name: string;
  readonly label: string;
  readonly value: (run: RunEntry) => number | string | null;
  /** Whether large values come first at the first click. */
  readonly falling?: boolean;
}

const COLUMNS: readonly Column[] = [
  { name: "run", label: "Run", value: ({ id }) => id },
  { name: "state", label: "State", value: ({ state }) => state },
  { name: "accuracy", label: "Accuracy", value: ({ accuracy }) => accuracy, falling: true },
  { name: "loss", label: "Loss", value: ({ loss }) => loss },
  { name: "epochs", label: "Epochs", value: ({ epochs }) => epochs, falling: true },
  { name: "model", label: "Model", value: ({ model }) => model },
  { name: "data", label: "Data", value: ({ data }) => data },
  { name: "time", label: "Time", value: ({ seconds }) => seconds, falling: true },
  { name: "begun", label: "Begun", value: ({ begun }) => begun, falling: true },
];

const collator = new Intl.Collator("en", { numeric: true });

/** What is not known comes last, however the list is sorted. */
function sorted(runs: readonly RunEntry[], { value }: Column, falls: boolean): RunEntry[] {
  const compare = (a: number | string, b: number | string): number =>
    typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b));
  return runs.toSorted((one, other) => {
    const [a, b] = [value(one), value(other)];
    if (a === null || b === null) return Number(a === null) - Number(b === null) || collator.compare(one.id, other.id);
    return (falls ? compare(b, a) : compare(a, b)) || collator.compare(one.id, other.id);
  });
}

/** Whether each word of a filter is somewhere in what names the run. */
function fits({ id, model, data, state, note }: RunEntry, filter: string): boolean {
  const text = `${id} ${model} ${data} ${state} ${note}`.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

/** What was shown last, so that Back shows it at once. */
let lastList: RunList | undefined;

/** The list of runs as the server tells it, again whenever it changes. */
function useRuns(): RunList | undefined {
  const [list, setList] = useState(lastList);
  useEffect(() => {
    const show = (data: string): void => {
      lastList = JSON.parse(data) as RunList;
      setList(lastList);
    };
    return listen(() => "/api/events", { list: show });
  }, []);
  return list;
}

interface HeadProps {
  readonly by: Column;
  readonly falls: boolean;
}

function Head({ by, falls }: HeadProps) {
  return (
    <thead>
      <tr>
        <th scope="col">
          <span class="hidden">Compare</span>
        </th>
        {COLUMNS.map((column) => {
          const isSorted = column.name === by.name;
          const next = isSorted ? !falls : column.falling === true;
          return (
            <th
              key={column.name}
              scope="col"
              class={`at-${column.name}`}
              aria-sort={isSorted ? (falls ? "descending" : "ascending") : undefined}
            >
              <button
                type="button"
                class="sort"
                onClick={() => go(withQuery({ sort: column.name, falling: next ? "1" : "0" }), { replace: true })}
              >
                {column.label}
              </button>
            </th>
          );
        })}
      </tr>
    </thead>
  );
}

interface RowProps {
  readonly run: RunEntry;
  readonly isChosen: boolean;
  readonly onChoose: () => void;
}

function Row({ run, isChosen, onChoose }: RowProps) {
  const { id, state, model, data, epochs, epochsWanted, progress, seconds, begun, curve, note, notes } = run;
  const { accuracy, loss } = run;
  return (
    <tr class={isChosen ? "chosen" : undefined}>
      <td>
        <input type="checkbox" checked={isChosen} onChange={onChoose} aria-label={`Compare ${id}`} />
      </td>
      <th scope="row" class="at-run">
        <a href={runHref(id)}>{id}</a>
        {0 < notes.length && (
          <span class="flag" title={notes.map(({ message }) => message).join("\n")}>
            {counted(notes.length, "warning")}
          </span>
        )}
        {note !== "" && <small class="note">{note.split("\n")[0]}</small>}
      </th>
      <td class="at-state">
        <State state={state} />
        <LiveLines run={run} />
      </td>
      <td class="at-accuracy number">
        <Sparkline values={curve} />
        <span>{percent(accuracy)}</span>
      </td>
      <td class="at-loss number">{figure(loss)}</td>
      <td class="at-epochs number">
        {progress?.epoch ?? epochs}
        {epochsWanted !== null && <span class="faint"> / {epochsWanted}</span>}
      </td>
      <td class="at-model">{model ?? "–"}</td>
      <td class="at-data" title={data ?? undefined}>
        {data?.split("/").filter(Boolean).at(-1) ?? "–"}
      </td>
      <td class="at-time number">{duration(seconds)}</td>
      <td class="at-begun" title={new Date(begun).toLocaleString()}>
        {ago(begun)}
      </td>
    </tr>
  );
}

const compareHref = (ids: Iterable<string>): string =>
  `/compare?${[...ids].map((id) => `run=${encodeURIComponent(id)}`).join("&")}`;

/** Moves the focus from one run's link to the next or the one before. */
function step(by: 1 | -1): void {
  const links = [...document.querySelectorAll<HTMLAnchorElement>("tbody th a")];
  const at = links.findIndex((link) => link.closest("tr")?.contains(document.activeElement));
  links[at === -1 ? 0 : Math.min(links.length - 1, Math.max(0, at + by))]?.focus();
}

/** The list of runs. */
export function RunsPage() {
  useTitle("Runs");
  const list = useRuns();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const filterField = useRef<HTMLInputElement>(null);
  const choose = (id: string): void =>
    setChosen((before) => {
      const after = new Set(before);
      if (!after.delete(id)) after.add(id);
      return after;
    });
  useKeys({
    "/": () => filterField.current?.focus(),
    j: () => step(1),
    k: () => step(-1),
    x: () => document.activeElement?.closest("tr")?.querySelector("input")?.click(),
    c: () => chosen.size > 1 && go(compareHref(chosen)),
  });
  const filter = query.value.get("filter") ?? "";
  const by = COLUMNS.find(({ name }) => name === (query.value.get("sort") ?? "begun")) ?? (COLUMNS[8] as Column);
  const falls = (query.value.get("falling") ?? "1") === "1";
  if (!list) return <Heading rest={<Loading what="Reading runs" />} />;
  if (list.runs.length === 0) return <Heading rest={<NoRuns folder={list.folder} />} />;
  const shown = sorted(
    list.runs.filter((run) => fits(run, filter)),
    by,
    falls,
  );
  return (
    <>
      <Heading />
      <div class="bar">
        <input
          ref={filterField}
          type="search"
          placeholder="Filter: name, model, data, state, note"
          aria-label="Filter runs"
          value={filter}
          onInput={(event) => go(withQuery({ filter: event.currentTarget.value }), { replace: true })}
        />
        <p class="faint" role="status">
          {filter === "" ? counted(list.runs.length, "run") : `${shown.length} of ${counted(list.runs.length, "run")}`}{" "}
          in <code>{list.folder}</code>
        </p>
        <a href="/bin">Deleted runs</a>
        <a
          class={`button ${chosen.size < 2 ? "off" : ""}`}
          aria-disabled={chosen.size < 2}
          title={chosen.size < 2 ? "Choose two runs or more" : undefined}
          href={chosen.size < 2 ? undefined : compareHref(chosen)}
        >
          Compare{chosen.size > 0 ? ` ${chosen.size}` : ""}
        </a>
        <a class="button primary" href="/new">
          New run
        </a>
      </div>
      {shown.length === 0 ? (
        <Empty title={`No run matches “${filter}”`}>
          <button type="button" onClick={() => go(withQuery({ filter: null }), { replace: true })}>
            Show all runs
          </button>
        </Empty>
      ) : (
        <div class="scroll card">
          <table class="runs">
            <Head by={by} falls={falls} />
            <tbody>
              {shown.map((run) => (
                <Row key={run.id} run={run} isChosen={chosen.has(run.id)} onChoose={() => choose(run.id)} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

const Heading = ({ rest }: { rest?: preact.ComponentChildren }) => (
  <>
    <h1 tabIndex={-1}>Runs</h1>
    {rest}
  </>
);

const NoRuns = ({ folder }: { folder: string }) => (
  <Empty title="No runs yet">
    <p>
      Runs in <code>{folder}</code> appear here, also while they train.
    </p>
    <p>
      <a class="button primary" href="/new">
        Start the first run
      </a>
    </p>
    <p class="faint">
      or in a terminal: <code>ocelli train digits</code>
    </p>
  </Empty>
);

import type { ComponentChildren } from "preact";
import type { Job, RunDetail } from "../../../src/serving/dashboard/api.ts";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { RunActions } from "../parts/run-actions.tsx";
import { State } from "../parts/state.tsx";
import { useTitle } from "../parts/title.tsx";
import { runHref } from "../router.ts";
import { type KnownRun, useRun } from "../run-state.ts";
import { Data } from "./data.tsx";
import { Log } from "./log.tsx";
import { NotFound } from "./not-found.tsx";
import { Overview } from "./overview.tsx";
import { Pictures } from "./pictures.tsx";
import { Settings } from "./settings.tsx";
import { Try } from "./try.tsx";

/** What a tab is given. */
export interface TabProps {
  readonly run: RunDetail;
  readonly reload: () => void;
}

interface Tab {
  readonly name: string;
  readonly label: string;
  readonly content: (props: TabProps) => ComponentChildren;
}

const TABS: readonly Tab[] = [
  { name: "", label: "Overview", content: (props) => <Overview {...props} /> },
  { name: "pictures", label: "Pictures", content: (props) => <Pictures {...props} /> },
  { name: "data", label: "Data", content: (props) => <Data {...props} /> },
  { name: "try", label: "Try it", content: (props) => <Try {...props} /> },
  { name: "settings", label: "Settings", content: (props) => <Settings {...props} /> },
  { name: "log", label: "Log", content: (props) => <Log {...props} /> },
];

function Failed({ known, id }: { known: KnownRun; id: string }) {
  return (
    <>
      <h1 tabIndex={-1}>{id}</h1>
      {known.error && (
        <Empty title={known.error.message}>
          <p>{known.error.hint}</p>
          <p>
            <a href="/" class="button">
              All runs
            </a>{" "}
            <button type="button" onClick={known.reload}>
              Try again
            </button>
          </p>
        </Empty>
      )}
    </>
  );
}

/** The exit code of a run that was asked to stop. */
const STOPPED = 130;

/** Why the process of a run ended, as its last lines say it. */
function Failure({ job }: { job: Job | null }) {
  if (job === null || job.state !== "ended" || job.code === 0 || job.code === STOPPED) return null;
  const last = (start: string): string | undefined =>
    job.lines.findLast((line) => line.startsWith(start))?.slice(start.length);
  const message = last("error: ") ?? "Its process ended before it could save anything.";
  const isNew = job.kind === "train";
  return (
    <>
      <Notes notes={[{ message, hint: last("hint: ") ?? "See its log." }]} kind="error" />
      {isNew && (
        <p>
          <a href="/new">Back to the form</a>, which still has what was filled in.
        </p>
      )}
    </>
  );
}

/** A run, with its tabs. */
export function RunPage({ id, tab }: { id: string; tab: string }) {
  useTitle(id);
  const known = useRun(id);
  const { run, error, reload } = known;
  const shown = TABS.find(({ name }) => name === tab);
  if (!shown) return <NotFound />;
  if (error) return <Failed known={known} id={id} />;
  if (!run) return <Loading what="Reading the run" />;
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <div class="run-head">
        <div>
          <div class="title">
            <h1 tabIndex={-1}>{id}</h1>
            <State state={run.state} />
          </div>
          <p class="faint">
            {run.model ?? "unknown model"} on {run.data ?? "unknown data"}
          </p>
          {run.note !== "" && <p class="note">{run.note}</p>}
        </div>
        <RunActions run={run} />
      </div>
      <nav class="tabs" aria-label="Run">
        {TABS.map(({ name, label }) => (
          <a key={name} href={runHref(id, name)} aria-current={name === tab ? "page" : undefined}>
            {label}
          </a>
        ))}
      </nav>
      <Notes notes={run.notes} />
      <Failure job={run.company.job} />
      {shown.content({ run, reload })}
    </>
  );
}

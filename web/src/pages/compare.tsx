import { useEffect, useMemo, useState } from "preact/hooks";
import type { Note, RunDetail } from "../../../src/serving/dashboard/api.ts";
import { axisOf, DASHES, training, validation } from "../curves.ts";
import { duration, figure, percent, valueText } from "../format.ts";
import { Chart, dashesOf, type Line } from "../parts/chart.tsx";
import { Empty, Loading, Notes } from "../parts/notes.tsx";
import { Scroll } from "../parts/scroll.tsx";
import { useTitle } from "../parts/title.tsx";
import { query, runHref } from "../router.ts";
import { ask, noteOf, runApi } from "../server.ts";

const HUES = ["--c1", "--c2", "--c3", "--c4", "--c5", "--c6"] as const;

interface Loaded {
  readonly key: string;
  readonly runs: readonly RunDetail[];
  readonly faults: readonly Note[];
}

function useRuns(ids: readonly string[]): Loaded | undefined {
  const [loaded, setLoaded] = useState<Loaded>();
  const key = JSON.stringify(ids);
  useEffect(() => {
    let gone = false;
    const asked = (JSON.parse(key) as string[]).map((id) =>
      ask<RunDetail>(runApi(id)).catch((error: unknown) => noteOf(error)),
    );
    void Promise.all(asked).then((answers) => {
      if (gone) return;
      const runs = answers.filter((answer) => "id" in answer);
      const faults = answers.filter((answer) => "hint" in answer);
      setLoaded({ key, runs, faults });
    });
    return () => {
      gone = true;
    };
  }, [key]);
  return loaded?.key === key ? loaded : undefined;
}

/** Another way to draw each line, and another again when the hues begin anew. */
const dashOf = (index: number): readonly number[] =>
  DASHES[(index + Math.floor(index / HUES.length)) % DASHES.length] ?? [];

type Points = (run: RunDetail) => Line["points"];

const linesOf = (runs: readonly RunDetail[], points: Points): Line[] =>
  runs.map((run, index) => ({
    label: run.id,
    colour: HUES[index % HUES.length] ?? HUES[0],
    dash: dashOf(index),
    points: points(run),
  }));

const VALUES: readonly (readonly [label: string, value: (run: RunDetail) => string])[] = [
  ["Best accuracy", (run) => percent(run.accuracy)],
  ["Its loss", (run) => figure(run.loss)],
  ["In epoch", ({ bestEpoch }) => String(bestEpoch ?? "–")],
  ["Epochs", ({ epochs, epochsWanted }) => `${epochs} / ${epochsWanted ?? "?"}`],
  ["Time", ({ seconds }) => duration(seconds)],
  ["State", ({ state }) => state],
];

/** The address without one of the runs. */
const without = (ids: readonly string[], id: string): string =>
  `/compare?${ids
    .filter((other) => other !== id)
    .map((other) => `run=${encodeURIComponent(other)}`)
    .join("&")}`;

function Differences({ runs }: { runs: readonly RunDetail[] }) {
  const [all, setAll] = useState(false);
  const names = [...new Set(runs.flatMap(({ settings }) => settings.map(({ name }) => name)))];
  const flags = new Map(runs.flatMap(({ settings }) => settings.map(({ name, flag }) => [name, flag] as const)));
  const textOf = (run: RunDetail, name: string): string => {
    const found = run.settings.find((setting) => setting.name === name);
    return found ? valueText(found.value) : "–";
  };
  const differs = (name: string): boolean => new Set(runs.map((run) => textOf(run, name))).size > 1;
  const shown = all ? names : names.filter(differs);
  return (
    <section>
      <h2>Settings</h2>
      <label class="check">
        <input type="checkbox" checked={all} onChange={(event) => setAll(event.currentTarget.checked)} /> Those that are
        equal too
      </label>
      {shown.length === 0 ? (
        <Empty title="All settings are equal">
          <p>What differs between the runs is then their data, or chance.</p>
        </Empty>
      ) : (
        <Table
          label="Settings of the runs"
          runs={runs}
          rows={shown.map((name) => ({
            label: flags.get(name) ?? name,
            cells: runs.map((run) => textOf(run, name)),
            isMarked: all && differs(name),
          }))}
        />
      )}
    </section>
  );
}

interface TableProps {
  readonly label: string;
  readonly runs: readonly RunDetail[];
  readonly rows: readonly { readonly label: string; readonly cells: readonly string[]; readonly isMarked?: boolean }[];
}

function Table({ label, runs, rows }: TableProps) {
  return (
    <Scroll kind="card" label={label}>
      <table class="compare">
        <thead>
          <tr>
            <td />
            {runs.map(({ id }) => (
              <th key={id} scope="col">
                <a href={runHref(id)}>{id}</a>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ label, cells, isMarked }) => (
            <tr key={label} class={isMarked ? "chosen" : undefined}>
              <th scope="row">{label}</th>
              {cells.map((cell, index) => (
                <td key={runs[index]?.id}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

function Curves({ runs }: { runs: readonly RunDetail[] }) {
  const lines = useMemo(
    () => ({
      accuracy: linesOf(runs, ({ metrics }) => validation(metrics, axisOf(metrics), "accuracy")),
      loss: linesOf(runs, ({ metrics }) => validation(metrics, axisOf(metrics), "loss")),
      training: linesOf(runs, ({ metrics }) => training(metrics, axisOf(metrics), "loss")),
    }),
    [runs],
  );
  const rest = { xLabel: "epoch", group: "compare" };
  return (
    <div class="charts">
      <Chart title="Validation accuracy" lines={lines.accuracy} format={(value) => percent(value, 1)} {...rest} />
      <Chart title="Validation loss" lines={lines.loss} format={figure} {...rest} />
      <Chart title="Training loss" lines={lines.training} format={figure} {...rest} />
    </div>
  );
}

/** Runs beside each other. */
export function ComparePage() {
  useTitle("Compare");
  const ids = [...new Set(query.value.getAll("run"))];
  const loaded = useRuns(ids);
  return (
    <>
      <p class="crumbs">
        <a href="/">Runs</a>
      </p>
      <h1 tabIndex={-1}>Compare</h1>
      {ids.length < 2 && (
        <Empty title="Two runs or more can be compared">
          <p>
            Choose them in the <a href="/">list of runs</a>, then press Compare.
          </p>
        </Empty>
      )}
      {2 <= ids.length && !loaded && <Loading what="Reading runs" />}
      {loaded && <Notes notes={loaded.faults} kind="error" />}
      {2 <= ids.length && loaded && 0 < loaded.runs.length && (
        <>
          <ul class="chips">
            {loaded.runs.map(({ id }, index) => (
              <li key={id}>
                <span
                  class="swatch"
                  style={{
                    background: dashesOf({ colour: HUES[index % HUES.length] ?? HUES[0], dash: dashOf(index) }),
                  }}
                />{" "}
                <span class="name">{id}</span>{" "}
                <a href={without(ids, id)} aria-label={`Take ${id} away`}>
                  ✕
                </a>
              </li>
            ))}
          </ul>
          <Curves runs={loaded.runs} />
          <section>
            <h2>Figures</h2>
            <Table
              label="Figures of the runs"
              runs={loaded.runs}
              rows={VALUES.map(([label, value]) => ({ label, cells: loaded.runs.map(value) }))}
            />
          </section>
          <Differences runs={loaded.runs} />
        </>
      )}
    </>
  );
}

import { useMemo } from "preact/hooks";
import { accuracyLines, axisOf, lossLines, rateLines } from "../curves.ts";
import { count, duration, figure, percent } from "../format.ts";
import { Chart } from "../parts/chart.tsx";
import { Empty } from "../parts/notes.tsx";
import { runApi } from "../server.ts";
import type { TabProps } from "./run.tsx";

function Figures({ run }: Pick<TabProps, "run">) {
  const { summary, metrics } = run;
  const last = metrics.epochs.at(-1);
  const speed = summary?.imagesPerSecond ?? null;
  const memory = summary?.peakRssMiB ?? null;
  const items: readonly (readonly [label: string, value: string, more?: string])[] = [
    [
      "Best validation accuracy",
      percent(run.accuracy),
      run.bestEpoch === null ? undefined : `in epoch ${run.bestEpoch}`,
    ],
    ["Its loss", figure(run.loss)],
    ["Last training loss", figure(last?.train.loss), last && `accuracy ${percent(last.train.accuracy)}`],
    ["Epochs", String(run.epochs), run.epochsWanted === null ? undefined : `of ${run.epochsWanted}`],
    ["Time", duration(run.seconds), speed === null ? undefined : `${count(Math.round(speed))} images/s`],
    ...(memory === null ? [] : [["Memory", `${count(memory)} MiB`] as const]),
  ];
  return (
    <dl class="figures">
      {items.map(([label, value, more]) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            {value} {more && <small>{more}</small>}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Figures, curves, and what else the run's folder has to be opened. */
export function Overview({ run }: TabProps) {
  const { metrics } = run;
  const axis = useMemo(() => axisOf(metrics), [metrics]);
  const loss = useMemo(() => lossLines(metrics, axis), [metrics, axis]);
  const accuracy = useMemo(() => accuracyLines(metrics, axis), [metrics, axis]);
  const rate = useMemo(() => rateLines(metrics, axis), [metrics, axis]);
  const isEmpty = metrics.epochs.length + metrics.evals.length + metrics.steps.length === 0;
  return (
    <>
      <Figures run={run} />
      {isEmpty ? (
        <Empty title="No curves yet">
          <p>They appear with the first steps of training.</p>
        </Empty>
      ) : (
        <div class="charts">
          <Chart title="Loss" lines={loss} xLabel={axis.label} format={figure} group={run.id} />
          <Chart
            title="Accuracy"
            lines={accuracy}
            xLabel={axis.label}
            format={(value) => percent(value, 1)}
            group={run.id}
          />
          {0 < metrics.steps.length && (
            <Chart
              title="Learning rate"
              lines={rate}
              xLabel={axis.label}
              format={(value) => value.toPrecision(2)}
              group={run.id}
            />
          )}
        </div>
      )}
      {0 < run.files.length && (
        <section>
          <h2>In the run's folder</h2>
          <ul class="files">
            {run.files.map((name) => (
              <li key={name}>
                <a href={runApi(run.id, `files/${name}`)} target="_blank" rel="noreferrer">
                  {name}
                </a>
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

import { useMemo } from "preact/hooks";
import { accuracyLines, axisOf, lossLines, rateLines } from "../curves.ts";
import { figure, percent } from "../format.ts";
import { Chart } from "../parts/chart.tsx";
import { ExportedModels } from "../parts/exports.tsx";
import { Figures } from "../parts/figures.tsx";
import { Empty } from "../parts/notes.tsx";
import { runApi } from "../server.ts";
import type { TabProps } from "./run.tsx";

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
      <ExportedModels run={run} />
      {0 < run.company.files.length && (
        <section>
          <h2>In the run's folder</h2>
          <ul class="files">
            {run.company.files.map((name) => (
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

import type { RunDetail } from "../../../src/serving/dashboard/api.ts";
import { count, duration, figure, percent } from "../format.ts";
import { shareDone, speedText } from "./live-figures.tsx";

type Item = readonly [label: string, value: string, more?: string];

/** What training has come to: of the epoch under way while there is one, of the last one otherwise. */
function trainingItem({ progress, metrics }: RunDetail): Item {
  const last = metrics.epochs.at(-1);
  const now = progress?.train ?? last?.train;
  if (!now) return ["Training loss", "–"];
  const when = progress?.train ? `epoch ${progress.epoch} so far` : `epoch ${last?.epoch}`;
  return ["Training loss", figure(now.loss), `accuracy ${percent(now.accuracy)}, ${when}`];
}

/** The last evaluation. */
function validationItem({ metrics }: RunDetail): Item {
  const last = [...metrics.epochs, ...metrics.evals].toSorted((a, b) => a.step - b.step).at(-1);
  if (!last) return ["Validation loss", "–"];
  return ["Validation loss", figure(last.val.loss), `accuracy ${percent(last.val.accuracy)}, step ${count(last.step)}`];
}

function epochItem({ progress, epochs, epochsWanted }: RunDetail): Item {
  const of = epochsWanted === null ? "" : `of ${count(epochsWanted)}`;
  if (!progress) return ["Epochs", count(epochs), of];
  return ["Epoch", count(progress.epoch), `${of} · step ${count(progress.batch)} of ${count(progress.stepsPerEpoch)}`];
}

/** The time that is left, as far as it can be told: a run that may end early has at most that. */
function timeItems({ progress, seconds, summary, settings }: RunDetail): Item[] {
  const speed = summary?.imagesPerSecond;
  if (!progress) return [["Time", duration(seconds), speed ? `${count(Math.round(speed))} images/s` : undefined]];
  const patience = settings.find(({ name }) => name === "patience")?.value;
  const most = typeof patience === "number" && 0 < patience ? "at most; it may end early" : undefined;
  return [
    ["Time", duration(seconds), speedText(progress)],
    ["Left", duration(progress.secondsLeft), progress.secondsLeft === null ? undefined : most],
  ];
}

/** The headline figures of a run; live while it is in training. */
export function Figures({ run }: { run: RunDetail }) {
  const memory = run.progress ? null : (run.summary?.peakRssMiB ?? null);
  const best = run.bestEpoch === null ? undefined : `in epoch ${run.bestEpoch}, loss ${figure(run.loss)}`;
  const items: readonly Item[] = [
    ["Best validation accuracy", percent(run.accuracy), best],
    validationItem(run),
    trainingItem(run),
    epochItem(run),
    ...timeItems(run),
    ...(memory === null ? [] : [["Memory", `${count(memory)} MiB`] as const]),
  ];
  return (
    <>
      {run.progress && run.state === "training" && (
        <progress class="whole" aria-label="Done of the run" value={shareDone(run)} max={1} />
      )}
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
    </>
  );
}

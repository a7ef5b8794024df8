/** How far a run is that is in training. */
import type { Progress, RunEntry } from "../../../src/serving/dashboard/api.ts";
import { count, duration } from "../format.ts";

/** The share of a run that is done, 0..1; undefined where it is not known. */
export function shareDone({ progress, epochsWanted }: RunEntry): number | undefined {
  if (!progress || !epochsWanted) return undefined;
  return Math.min(1, (progress.epoch - 1 + progress.batch / progress.stepsPerEpoch) / epochsWanted);
}

/** `3,412 images/s`, or what takes the time instead of steps. */
export function speedText({ doing, imagesPerSecond }: Progress): string {
  if (doing) return doing.total ? `${doing.what}, ${Math.floor((100 * doing.done) / doing.total)}%` : doing.what;
  return imagesPerSecond === null ? "starting" : `${count(Math.round(imagesPerSecond))} images/s`;
}

/** `0:35 min left`; nothing before the first step. */
export const leftText = ({ secondsLeft }: Progress): string =>
  secondsLeft === null ? "" : `${duration(secondsLeft)} left`;

/** The lines under the state of a run in the list. */
export function LiveLines({ run }: { run: RunEntry }) {
  const { progress } = run;
  if (!progress || run.state !== "training") return null;
  return (
    <div class="live">
      <progress aria-label={`Done of ${run.id}`} value={shareDone(run)} max={1} />
      <small>
        <span>{leftText(progress)}</span>
        <span class="more-figures">
          step {count(progress.batch)} of {count(progress.stepsPerEpoch)}
        </span>
        <span class="more-figures">{speedText(progress)}</span>
      </small>
    </div>
  );
}

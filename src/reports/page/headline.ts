/** The top of the report: what was trained, how well it went, and what is wrong with the folder. */

import { lookup } from "../../lookup.ts";
import type { Calibration } from "../../metrics/index.ts";
import { bestRecord, type EvaluationReport, isFinished, type RunAccount } from "../../training/index.ts";
import { formatCount, formatShare } from "../style.ts";
import { type Html, html } from "./html.ts";
import { shownSetting } from "./settings.ts";

/** The network's answers to the validation set, measured for the report. */
export interface Measured {
  readonly report: EvaluationReport;
  readonly calibration: Calibration;
  /** Of which weights. */
  readonly weights: "best" | "last";
}

/** A setting's value as text. */
export const settingText = ({ settings }: RunAccount, name: string): string | undefined => {
  const setting = lookup(settings, name);
  return setting && shownSetting(setting.value);
};

/** What the run is, in one line. */
export function subtitle(account: RunAccount): string {
  const model = settingText(account, "model") ?? account.summary?.model ?? "a network";
  const data = settingText(account, "data");
  const began =
    account.began === 0 ? "" : `, begun ${new Date(account.began).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  return `${model}${data === undefined ? "" : ` on ${data}`}${began}`;
}

/** Name, and the figures that matter most. */
export function headline(account: RunAccount, measured: Measured | undefined): Html {
  return html`<header>
<h1>${account.name}</h1>
<p class="faint">${subtitle(account)}</p>
${keyFigures(account, measured)}
</header>`;
}

function keyFigures(account: RunAccount, measured: Measured | undefined): Html {
  const { records, summary } = account;
  const best = bestRecord(records);
  const figures: Html[] = [];
  if (measured) {
    const { report, calibration, weights } = measured;
    const [low, high] = report.accuracyInterval;
    const interval = `95% interval ${formatShare(low)} to ${formatShare(high)}, ${weights} weights`;
    figures.push(figure("Accuracy", formatShare(report.accuracy, 2), interval));
    figures.push(figure("Loss", report.loss.toFixed(4), "cross entropy, nats"));
    figures.push(figure("Calibration error", formatShare(calibration.error, 2), "0% is best"));
  } else if (best) {
    figures.push(figure("Best accuracy", formatShare(best.val.accuracy, 2), `in epoch ${best.epoch}, as recorded`));
    figures.push(figure("Its loss", best.val.loss.toFixed(4), "cross entropy, nats"));
  }
  const epochs = summary?.epochs ?? records.findLast(({ type }) => type === "epoch")?.epoch ?? 0;
  const asked = settingText(account, "epochs");
  const steps = records.at(-1)?.step ?? summary?.steps ?? 0;
  figures.push(
    figure("Epochs", asked === undefined ? String(epochs) : `${epochs} of ${asked}`, `${formatCount(steps)} steps`),
  );
  if (best && measured) figures.push(figure("Best epoch", String(best.epoch), `step ${formatCount(best.step)}`));
  if (summary) {
    const speed = `${formatCount(Math.round(summary.imagesPerSecond))} images/s`;
    figures.push(figure("Time", durationText(summary.seconds), `${speed}, ${summary.engine}`));
  }
  return html`<dl class="key">${figures}</dl>`;
}

const figure = (name: string, value: string, detail: string): Html =>
  html`<div><dt>${name}</dt><dd>${value}<small>${detail}</small></dd></div>
`;

/** `48.2 s`, `3 min 5 s`, `2 h 10 min` */
export function durationText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** What a reader should know before anything else: that the run is not at its end, and what cannot be read. */
export function notes(account: RunAccount, problems: readonly string[]): Html {
  const all = [...account.problems, ...problems];
  const unfinished = !isFinished(account);
  if (!unfinished && all.length === 0) return html``;
  const { records } = account;
  const step = records.at(-1)?.step ?? 0;
  const stand = `This run is not at its end: it stands after step ${formatCount(step)}.`;
  const advice = html`${stand} If nobody trains it at present, go on with <code>ocelli resume ${account.path}</code>.`;
  return html`<div class="note">
${unfinished && html`<p>${advice}</p>`}
${0 < all.length && html`<ul>${all.map((text) => html`<li>${text}</li>`)}</ul>`}
</div>`;
}

/** The tables at the end of the report: data, settings, facts. */

import { brief, shownValue } from "../../harmless.ts";
import { lookup } from "../../lookup.ts";
import type { RunAccount } from "../../training/index.ts";
import { formatCount, formatShare } from "../style.ts";
import type { DataSummary, PhotoSizes } from "./data-summary.ts";
import { type Html, html } from "./html.ts";

/** Counts of each class, and sizes. */
export function dataSection(data: DataSummary): Html {
  const { source, classes, train, val, images, inputShape, sizes, notes } = data;
  const [channels, height, width] = inputShape;
  const total = images.train + images.val;
  const most = Math.max(1, ...(train ?? []));
  const count = (counts: readonly number[] | undefined, index: number): string =>
    counts === undefined ? "?" : formatCount(counts[index] ?? 0);
  return html`<section id="data">
<h2>Data</h2>
<p>${source}: ${formatCount(images.train)} images to train and ${formatCount(images.val)} to validate (${formatShare(images.val / total)}). The network sees ${width}×${height} pixels in ${channels === 1 ? "grey" : "colour"}.${sizes && ` ${sizesText(sizes)}`}</p>
${0 < notes.length && html`<ul>${notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<div class="scroll" role="region" aria-label="Images of each class" tabindex="0"><table class="wide">
<thead><tr><th scope="col">Class</th><th scope="col" class="n">To train</th><th scope="col" class="n">To validate</th></tr></thead>
<tbody>${classes.map(
    (name, index) =>
      html`<tr><th scope="row">${name}</th><td class="n">${count(train, index)}<span class="bar" style="width:${((100 * (train?.[index] ?? 0)) / most).toFixed(1)}%"></span></td><td class="n">${count(val, index)}</td></tr>
`,
  )}</tbody></table></div>
</section>`;
}

function sizesText({ count, of, least, median, greatest }: PhotoSizes): string {
  const whose = count === of ? "The photos have" : `${formatCount(count)} of the photos, which were looked at, have`;
  return `${whose} ${least.join("×")} to ${greatest.join("×")} pixels, in the middle ${median.join("×")}.`;
}

/** Characters of a setting that are shown: as many as any that training takes has. */
const LONGEST_SETTING = 1000;

/** A setting's value as text, lists and objects as JSON. */
export const shownSetting = (value: unknown): string =>
  typeof value === "string" ? brief(value, LONGEST_SETTING) : shownValue(value, LONGEST_SETTING);

/** What settings come from, for people. */
const SOURCES: Readonly<Record<string, string>> = {
  default: "default",
  recipe: "recipe",
  file: "file of settings",
  flag: "command line",
};

const BEGINNINGS: Readonly<Record<string, string>> = {
  start: "the weights of the settings",
  best: "the best weights before it",
  last: "the last weights before it",
};

/** What each stage of a run that has several began with, and how its settings differ from those of the stage before. */
function stagesTable(stages: RunAccount["stages"] = []): Html {
  if (stages.length < 2) return html``;
  const changes = stages.map(({ settings }, index) => {
    const before: Readonly<Record<string, unknown>> = stages[index - 1]?.settings ?? settings;
    return Object.entries(settings).filter(
      ([name, value]) => JSON.stringify(lookup(before, name)) !== JSON.stringify(value),
    );
  });
  return html`<p>The run has ${stages.length} stages; the table of settings is that of the last.</p>
<div class="scroll" role="region" aria-label="Stages" tabindex="0"><table class="wide">
<thead><tr><th scope="col">Stage</th><th scope="col">From epoch</th><th scope="col">Begins with</th><th scope="col">What changed</th></tr></thead>
<tbody>${stages.map(({ number, epoch, from }, index) => {
    const changed = (changes[index] ?? []).map(([name, value]) => `${name} ${shownSetting(value)}`).join(", ");
    return html`<tr><th scope="row">${number}</th><td>${epoch + 1}</td><td>${lookup(BEGINNINGS, from) ?? from}</td><td>${changed}</td></tr>
`;
  })}</tbody></table></div>`;
}

/** Every setting with where it came from; those that somebody chose stand out. */
export function settingsSection({ settings, stages }: RunAccount): Html {
  const entries = Object.entries(settings);
  if (entries.length === 0) return html``;
  return html`<section id="settings">
<h2>Settings</h2>
${stagesTable(stages)}
<p class="faint">As they were resolved; what is not a default is bold.</p>
<div class="scroll" role="region" aria-label="Settings" tabindex="0"><table class="wide">
<thead><tr><th scope="col">Setting</th><th scope="col">Value</th><th scope="col">From</th></tr></thead>
<tbody>${entries.map(([name, { value, from }]) => {
    const given = from === "default" ? "" : " given";
    const shown = shownSetting(value);
    return html`<tr><th scope="row"><code>${name}</code></th><td class="value${given}">${shown}</td><td>${lookup(SOURCES, from) ?? from}</td></tr>
`;
  })}</tbody></table></div>
</section>`;
}

/** What identifies the run and its result. */
export function factsSection({ path, summary }: RunAccount): Html {
  const facts: [string, string][] = [["Folder", path]];
  if (summary) {
    facts.push(["Id", summary.id], ["Engine", `${summary.engine}, ${summary.precision}`]);
    facts.push(["Peak memory", `${formatCount(summary.peakRssMiB)} MiB`]);
    facts.push(["Waiting for data", formatShare(summary.dataWaitShare)]);
    facts.push(["SHA-256 of the last weights", summary.weightsSha256], ["SHA-256 of the data", summary.dataSha256]);
  }
  return html`<section id="facts">
<h2>Facts</h2>
<table class="wide"><tbody>${facts.map(
    ([name, value]) => html`<tr><th scope="row">${name}</th><td><code>${value}</code></td></tr>
`,
  )}</tbody></table>
</section>`;
}

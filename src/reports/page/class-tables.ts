/** Which class is taken for which, and how well each is told. */
import type { EvaluationReport } from "../../training/index.ts";
import { confusionSvg } from "../confusion.ts";
import { formatCount, formatShare } from "../style.ts";
import { type Html, html, raw } from "./html.ts";

/** Beyond so many classes the matrix is a picture, and beyond so many its cells are small. */
const CLASSES = { table: 24, large: 12 } as const;
/** Pairs of classes that are listed. */
const PAIRS = 10;

type Report = Pick<EvaluationReport, "confusion" | "perClass">;

/** The confusion matrix: counts, and their share of the true class. */
export function confusionSection(report: Report): Html {
  const classes = report.perClass.map((entry) => entry.class);
  const few = classes.length <= CLASSES.table;
  const pairs = confusedPairs(report);
  return html`<section id="confusion">
<h2>Confusion matrix</h2>
<p class="faint">A row for each true class, a column for what it was taken for: images, and their share of the row.</p>
${few ? matrix(report, classes) : drawnMatrix(report, classes)}
${2 < classes.length && 0 < pairs.length && pairTable(pairs)}
</section>`;
}

function matrix({ confusion }: Report, classes: readonly string[]): Html {
  const size = classes.length <= CLASSES.large ? "confusion" : "confusion small";
  const cell = (count: number, row: number, column: number): Html => {
    const total = (confusion[row] ?? []).reduce((sum, value) => sum + value, 0);
    if (count === 0) return html`<td class="none">0</td>`;
    const kind = row === column ? "right" : "wrong";
    const share = count / total;
    return html`<td class="${kind}" style="--share:${Math.sqrt(share).toFixed(4)}">${formatCount(count)}<small>${formatShare(share)}</small></td>`;
  };
  return html`<div class="scroll" role="region" aria-label="Confusion matrix" tabindex="0"><table class="${size}">
<thead><tr><th scope="col">true ↓<br>taken for →</th>${classes.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${confusion.map(
    (row, truth) =>
      html`<tr><th scope="row">${classes[truth]}</th>${row.map((count, predicted) => cell(count, truth, predicted))}</tr>
`,
  )}</tbody></table></div>`;
}

function drawnMatrix({ confusion }: Report, classes: readonly string[]): Html {
  const svg = Buffer.from(confusionSvg(confusion, classes)).toString("base64");
  const alt = `Confusion matrix of ${classes.length} classes; the table below has the pairs that are taken for each other most.`;
  return html`<img class="chart" alt="${alt}" src="data:image/svg+xml;base64,${raw(svg)}">`;
}

interface Pair {
  readonly truth: string;
  readonly predicted: string;
  readonly count: number;
  readonly share: number;
}

function confusedPairs({ confusion, perClass }: Report): Pair[] {
  const name = (index: number): string => perClass[index]?.class ?? "";
  const pairs = confusion.flatMap((row, truth) => {
    const total = row.reduce((sum, value) => sum + value, 0);
    return row.flatMap((count, predicted): Pair[] =>
      count === 0 || truth === predicted
        ? []
        : [{ truth: name(truth), predicted: name(predicted), count, share: count / total }],
    );
  });
  return pairs.sort((a, b) => b.count - a.count).slice(0, PAIRS);
}

const pairTable = (pairs: readonly Pair[]): Html => html`<h3>Most confused</h3>
<div class="scroll" role="region" aria-label="Most confused classes" tabindex="0"><table>
<thead><tr><th scope="col">True class</th><th scope="col">Taken for</th><th scope="col" class="n">Images</th><th scope="col" class="n">Share</th></tr></thead>
<tbody>${pairs.map(
  ({ truth, predicted, count, share }) =>
    html`<tr><td>${truth}</td><td>${predicted}</td><td class="n">${formatCount(count)}</td><td class="n">${formatShare(share)}</td></tr>
`,
)}</tbody></table></div>`;

/** Precision, recall and F1 of each class. */
export function perClassSection({ perClass }: Report): Html {
  const share = (value: number): Html =>
    html`<td class="n">${formatShare(value)}<span class="bar" style="width:${(100 * value).toFixed(1)}%"></span></td>`;
  return html`<section id="classes">
<h2>Classes</h2>
<p class="faint">Precision: share of the images taken for the class that are of it. Recall: share of its images that were found. F1: their harmonic mean.</p>
<div class="scroll" role="region" aria-label="Figures of each class" tabindex="0"><table class="wide">
<thead><tr><th scope="col">Class</th><th scope="col" class="n">Images</th><th scope="col" class="n">Precision</th><th scope="col" class="n">Recall</th><th scope="col" class="n">F1</th></tr></thead>
<tbody>${perClass.map(
    (entry) =>
      html`<tr><th scope="row">${entry.class}</th><td class="n">${formatCount(entry.count)}</td>${share(entry.precision)}${share(entry.recall)}${share(entry.f1)}</tr>
`,
  )}</tbody></table></div>
</section>`;
}

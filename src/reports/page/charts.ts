/** Curves of the training, and the reliability diagram. */
import { counted } from "../../data/photos/words.ts";
import type { Calibration, MetricsRecord } from "../../metrics/index.ts";
import { curvePanels } from "../curves.ts";
import { COLOURS, formatCount, formatShare } from "../style.ts";
import { element, text } from "../svg.ts";
import { type Html, html, raw } from "./html.ts";

/** What colours of drawings are called in the style sheet. */
const NAMES: Readonly<Record<string, string>> = {
  [COLOURS.text]: "var(--text)",
  [COLOURS.faintText]: "var(--faint)",
  [COLOURS.line]: "var(--line)",
  [COLOURS.blue]: "var(--blue)",
  [COLOURS.orange]: "var(--orange)",
};

/** A drawing in the colours of the page. */
const themed = (svg: string): Html =>
  raw(Object.entries(NAMES).reduce((drawn, [colour, name]) => drawn.replaceAll(colour, name), svg));

/** Loss and accuracy. */
export async function curvesSection(records: readonly MetricsRecord[]): Promise<Html> {
  const evaluations = records.filter(({ type }) => type !== "step").length;
  if (records.length === 0)
    return html`<section id="curves"><h2>Training</h2><p>No step is recorded yet.</p></section>`;
  const { loss, accuracy } = await curvePanels(records);
  const what = `${counted(records.length - evaluations, "step")} and ${counted(evaluations, "evaluation")}`;
  return html`<section id="curves">
<h2>Training</h2>
<p class="faint">${what}. Training accuracy is the mean over the steps of each epoch.</p>
<div class="two">
<figure role="img" aria-label="Training loss and validation loss in the course of the run">${themed(loss)}</figure>
<figure role="img" aria-label="Training accuracy and validation accuracy in the course of the run">${themed(accuracy)}</figure>
</div>
</section>`;
}

/** The reliability diagram with the expected calibration error. */
export function calibrationSection(calibration: Calibration): Html {
  const { bins, error } = calibration;
  const filled = bins.filter(({ count }) => 0 < count);
  const lean = filled.reduce((sum, { count, confidence, accuracy }) => sum + count * (confidence - accuracy), 0);
  const verdict = lean <= 0 ? "more" : "less";
  return html`<section id="calibration">
<h2>Calibration</h2>
<p>Expected calibration error <strong>${formatShare(error, 2)}</strong>: on the whole the answers are right ${verdict} often than their probabilities say.</p>
<div class="two">
<figure role="img" aria-label="Share of right answers against their probability; the table beside it has the numbers">${raw(diagram(calibration))}</figure>
<div class="scroll" role="region" aria-label="Answers by probability" tabindex="0"><table>
<thead><tr><th scope="col">Probability</th><th scope="col" class="n">Images</th><th scope="col" class="n">Mean</th><th scope="col" class="n">Right</th></tr></thead>
<tbody>${filled.map(
    ({ low, high, count, confidence, accuracy }) =>
      html`<tr><td>${formatShare(low, 0)} to ${formatShare(high, 0)}</td><td class="n">${formatCount(count)}</td><td class="n">${formatShare(confidence)}</td><td class="n">${formatShare(accuracy)}</td></tr>
`,
  )}</tbody></table></div>
</div>
</section>`;
}

const SIDE = 260;
const LEFT = 48;
const TOP = 10;
const TICKS = [0, 0.25, 0.5, 0.75, 1];

/** A bar for each bin, as high as the share of right answers and as opaque as it has answers, and the line where both agree. */
function diagram({ bins }: Calibration): string {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const [x, y] = [(share: number) => LEFT + share * SIDE, (share: number) => TOP + (1 - share) * SIDE];
  const small = { "font-size": 12, fill: "var(--faint)" };
  const grid = TICKS.flatMap((tick) => [
    element("line", { x1: x(0), x2: x(1), y1: y(tick), y2: y(tick), stroke: "var(--line)" }),
    text(formatShare(tick, 0), { x: LEFT - 8, y: y(tick) + 4, "text-anchor": "end", ...small }),
    text(formatShare(tick, 0), { x: x(tick), y: y(0) + 18, "text-anchor": "middle", ...small }),
  ]);
  const bars = bins.flatMap(({ low, high, count, confidence, accuracy }) => {
    if (count === 0) return [];
    const opacity = 0.35 + 0.65 * Math.sqrt(count / most);
    const bar = { x: x(low) + 1, y: y(accuracy), width: x(high) - x(low) - 2, height: y(0) - y(accuracy), opacity };
    return [
      element("rect", { ...bar, fill: "var(--blue)" }),
      element("circle", { cx: x(confidence), cy: y(accuracy), r: 3, fill: "var(--orange)" }),
    ];
  });
  const same = { x1: x(0), y1: y(0), x2: x(1), y2: y(1), stroke: "var(--faint)", "stroke-dasharray": "5 4" };
  const title = { fill: "var(--text)", "font-size": 12, "font-weight": 600, "text-anchor": "middle" };
  const middle = TOP + SIDE / 2;
  const titles = [
    text("Probability of the answer", { x: x(0.5), y: y(0) + 38, ...title }),
    text("Right answers", { x: 0, y: 0, transform: `translate(10 ${middle}) rotate(-90)`, ...title }),
  ];
  const viewBox = `0 0 ${LEFT + SIDE + 24} ${TOP + SIDE + 46}`;
  return element("svg", { viewBox, class: "narrow" }, [...grid, ...bars, element("line", same), ...titles].join("\n"));
}

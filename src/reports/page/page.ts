/** The report of a run as one HTML file that needs nothing else. */
import type { RunAccount } from "../../training/index.ts";
import { calibrationSection, curvesSection } from "./charts.ts";
import { confusionSection, perClassSection } from "./class-tables.ts";
import type { DataSummary } from "./data-summary.ts";
import { headline, type Measured, notes, subtitle } from "./headline.ts";
import { type Html, html, raw } from "./html.ts";
import { mistakesSection, samplesSection } from "./picture-cards.ts";
import { dataSection, factsSection, settingsSection } from "./settings.ts";
import type { ShownPicture } from "./shown-pictures.ts";
import { STYLE } from "./style.ts";

/** All that a report shows. */
export interface ReportContent {
  readonly account: RunAccount;
  /** Undefined where the network could not be asked. */
  readonly answers?: Measured & {
    readonly mistakes: readonly ShownPicture[];
    readonly samples: readonly ShownPicture[];
  };
  readonly data?: DataSummary;
  /** What else is wrong, a sentence each. */
  readonly problems: readonly string[];
}

/** The text of `report.html`. */
export async function reportHtml({ account, answers, data, problems }: ReportContent): Promise<string> {
  const sections: (Html | undefined)[] = [
    await curvesSection(account.records),
    answers && confusionSection(answers.report),
    answers && perClassSection(answers.report),
    answers && calibrationSection(answers.calibration),
    answers && mistakesSection(answers.mistakes, wrongOf(answers)),
    answers && samplesSection(answers.samples),
    data && dataSection(data),
    settingsSection(account),
    factsSection(account),
  ];
  const shown = sections.filter((section) => section !== undefined);
  return html`${raw("<!doctype html>")}
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${account.name}: ${subtitle(account)}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
${headline(account, answers)}
<main>
${notes(account, problems)}
${contents(shown)}
${shown}
</main>
<footer><p class="faint">Made by ocelli.</p></footer>
</body>
</html>
`.html;
}

/** Links to the sections, by the headings that they have. */
function contents(sections: readonly Html[]): Html {
  const links = sections.flatMap((section) => {
    const [, id, title] = /<section id="(\w+)">\s*<h2>([^<]+)<\/h2>/.exec(section.html) ?? [];
    return id === undefined ? [] : [html`<li><a href="#${id}">${raw(title ?? "")}</a></li>`];
  });
  return html`<nav aria-label="Contents"><ul>${links}</ul></nav>`;
}

const wrongOf = ({ report: { count, confusion } }: Measured): { wrong: number; count: number } => ({
  count,
  wrong: count - confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0),
});

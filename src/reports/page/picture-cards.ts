/** The pictures of the report: mistakes with heat maps, and samples. */
import { formatCount, formatShare } from "../style.ts";
import { type Html, html, raw } from "./html.ts";
import type { ShownPicture } from "./shown-pictures.ts";

/** A picture; data URIs of our own need no escaping. */
const image = (uri: string, alt: string, isSmall: boolean): Html =>
  html`<img${isSmall && raw(' class="pixels"')} alt="${alt}" src="${raw(uri)}">`;

/** The mistakes of the highest loss. */
export function mistakesSection(
  mistakes: readonly ShownPicture[],
  { wrong, count }: { wrong: number; count: number },
): Html {
  const title = html`<h2>Worst mistakes</h2>`;
  if (mistakes.length === 0)
    return html`<section id="mistakes">${title}<p>None: all ${formatCount(count)} images of the validation set are told right.</p></section>`;
  const some = `${mistakes.length === wrong ? "All" : `${mistakes.length} of`} ${formatCount(wrong)} mistakes, the highest loss first.`;
  return html`<section id="mistakes">
${title}
<p class="faint">${some} Light colours of a heat map (Grad-CAM) mark what speaks for a class.</p>
<ul class="cards mistakes">${mistakes.map(mistakeCard)}</ul>
</section>`;
}

function mistakeCard(mistake: ShownPicture): Html {
  const { picture, isSmall, truth, predicted, probability, truthProbability, loss, file, heat } = mistake;
  const view = (uri: string, alt: string, caption: string): Html =>
    html`<figure>${image(uri, alt, isSmall)}<figcaption>${caption}</figcaption></figure>`;
  return html`<li>
<div class="views">
${view(picture, `A picture of ${truth}`, "the picture")}
${heat && view(heat.predicted, `Heat map for ${predicted}`, `for ${predicted}`)}
${heat && view(heat.truth, `Heat map for ${truth}`, `for ${truth}`)}
</div>
<p class="verdict"><span class="is-wrong">✗ ${predicted}</span> ${formatShare(probability)}, is <strong>${truth}</strong> ${formatShare(truthProbability)}<br><span class="faint">loss ${loss.toFixed(2)}${file !== undefined && ` · ${file}`}</span></p>
</li>
`;
}

/** Some right answers. */
export function samplesSection(samples: readonly ShownPicture[]): Html {
  if (samples.length === 0)
    return html`<section id="samples"><h2>Samples</h2><p>No image of the validation set is told right.</p></section>`;
  return html`<section id="samples">
<h2>Samples</h2>
<p class="faint">Right answers from everywhere in the validation set.</p>
<ul class="cards samples">${samples.map(
    ({ picture, isSmall, truth, probability }) => html`<li>${image(picture, `A picture of ${truth}`, isSmall)}
<p class="verdict"><span class="is-right">✓ ${truth}</span> ${formatShare(probability)}</p></li>
`,
  )}</ul>
</section>`;
}

/** Puts answers and what is known of the model on the page. */
import type { Answer } from "./messages.ts";
import { inputSize, type PageModel } from "./model.ts";

/** Classes that are shown. */
const SHOWN = 5;

const element = <Type extends HTMLElement>(id: string): Type => document.getElementById(id) as Type;

/** `96.0 %` */
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function part(tag: string, name: string, text = ""): HTMLElement {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

function classRow(name: string, probability: number): HTMLElement {
  const row = document.createElement("li");
  const track = part("span", "track");
  const bar = part("span", "bar");
  bar.style.width = percent(probability).replace(" ", "");
  track.append(bar);
  row.append(part("span", "class", name), part("span", "share", percent(probability)), track);
  row.dataset.probability = String(probability);
  return row;
}

/** Shows the most probable classes, and what the network saw. */
export function showAnswer({ probabilities, seen, width, height, milliseconds }: Answer, model: PageModel): void {
  const order = Array.from(probabilities.keys()).sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0));
  const [first = 0] = order;
  const named = (index: number): [string, number] => [model.classes[index] ?? String(index), probabilities[index] ?? 0];
  const rows = order.slice(0, SHOWN).map((index) => classRow(...named(index)));
  const [name, share] = named(first);
  element("status").textContent = `${name}, ${percent(share)}`;
  element("problem").hidden = true;
  element("classes").replaceChildren(...rows);
  const canvas = element<HTMLCanvasElement>("seen");
  [canvas.width, canvas.height] = [seen.width, seen.height];
  canvas.getContext("2d")?.putImageData(seen, 0, 0);
  const own = inputSize(model.preprocessing);
  const resized = model.preprocessing.kind === "pixels" && (width !== own.width || height !== own.height);
  element("note").textContent = resized
    ? `The model takes pictures of ${own.width}×${own.height} pixels: the middle of this one, ${width}×${height}, was brought to that size.`
    : `This is what the network saw of ${width}×${height} pixels. It took ${Math.round(milliseconds)} ms.`;
  element("details").hidden = false;
}

/** Letters of the classes' names that fit there. */
const TITLE_LENGTH = 60;
const FACT_LENGTH = 300;

/** As many names as fit, and how many more there are. */
function listed(names: readonly string[], length: number): string {
  const text = names.join(", ");
  if (text.length <= length) return text;
  const fitting = text.slice(0, length).split(", ").slice(0, -1);
  return `${fitting.join(", ")} and ${names.length - fitting.length} more`;
}

/** Shows what the model card says. */
export function showModel({ model, precision, classes, data, accuracy, weights, ocelli }: PageModel): void {
  const all = listed(classes, FACT_LENGTH);
  document.title = `Image classifier: ${listed(classes, TITLE_LENGTH)}`;
  element("title").textContent =
    classes.join(", ").length <= TITLE_LENGTH
      ? `${classes.slice(0, -1).join(", ")} or ${classes.at(-1)}?`
      : `One of ${classes.length} classes`;
  const trained = data?.counts?.train.reduce((sum, count) => sum + count, 0);
  const facts: [string, string][] = [
    ["Network", `${model}, ${precision}`],
    ["Classes", all],
    ...(trained === undefined ? [] : [["Trained on", `${trained.toLocaleString()} pictures`] as [string, string]]),
    [
      "Accuracy",
      accuracy
        ? `${percent(accuracy.value)} of ${accuracy.count} pictures that it was not trained on (95% interval ${accuracy.interval.map(percent).join(" to ")})`
        : "not known",
    ],
    ["Licence", weights.licence],
    ["Made with", `ocelli ${ocelli}`],
  ];
  element("facts").replaceChildren(...facts.flatMap(([name, text]) => [part("dt", "", name), part("dd", "", text)]));
  element("about").hidden = false;
}

/** A model card as people read it. */
import type { ModelCard } from "../export/index.ts";
import { lookup } from "../lookup.ts";
import { interval, percent, table } from "./output.ts";

const DIGITS_OF_HASH = 12;

function inputText({ preprocessing: input }: ModelCard): string {
  if (input.kind === "pixels") {
    const [channels, height, width] = input.inputShape;
    return `pictures of ${width}×${height} pixels, ${channels === 1 ? "grey" : "in colour"}`;
  }
  const { resize, crop, interpolation, exif } = input;
  const turned = exif ? "turned as EXIF says, " : "";
  return `photos: ${turned}shorter side to ${resize} pixels (${interpolation}), the middle ${crop}×${crop}`;
}

function dataText({ data, classes }: ModelCard): string {
  if (!data) return "not known";
  const hash = data.sha256 ? `, SHA-256 ${data.sha256.slice(0, DIGITS_OF_HASH)}…` : "";
  return `${data.name}${hash}${data.counts ? "" : `; ${classes.length} classes`}`;
}

/** Classes that are listed before the rest is counted. */
const LISTED = 20;

function listed(entries: readonly string[]): string {
  const rest = entries.length - LISTED;
  return 0 < rest ? `${entries.slice(0, LISTED).join(", ")} and ${rest} more` : entries.join(", ");
}

function countsText(counts: readonly number[], classes: readonly string[]): string {
  const sum = counts.reduce((total, count) => total + count, 0);
  return `${sum} pictures: ${listed(counts.map((count, index) => `${classes[index]} ${count}`))}`;
}

const accuracyText = (accuracy: ModelCard["accuracy"]): string =>
  accuracy
    ? `${percent(accuracy.value)} of ${accuracy.count} validation pictures ${interval(accuracy.interval)}`
    : "not known";

/** Lines with what the card says; of the recipe only what is not usual. */
export function cardText(card: ModelCard, usual: Readonly<Record<string, unknown>>): string {
  const { data, recipe } = card;
  const unusual = Object.entries(recipe ?? {}).filter(
    ([name, value]) => name !== "seed" && value !== lookup(usual, name),
  );
  const rows: [string, string][] = [
    ["model", `${card.model}, ${card.precision}, written by ocelli ${card.ocelli}`],
    ["classes", listed(card.classes)],
    ["takes", inputText(card)],
    ["data", dataText(card)],
    ...(data?.counts
      ? ([
          ["  trained on", countsText(data.counts.train, card.classes)],
          ["  validated on", countsText(data.counts.val, card.classes)],
        ] as [string, string][])
      : []),
    ["accuracy", accuracyText(card.accuracy)],
    ...(card.accuracyFp32 ? ([["  in fp32", accuracyText(card.accuracyFp32)]] as [string, string][]) : []),
    ["recipe", recipe ? unusual.map(([name, value]) => `${name} ${String(value)}`).join(", ") : "not known"],
    ["seed", String(card.seed ?? "not known")],
    ["run", card.run ?? "not known"],
    ["weights", `SHA-256 ${card.weights.sha256.slice(0, DIGITS_OF_HASH)}…`],
    ["licence", card.weights.licence],
  ];
  return table([["", ""], ...rows]).trimStart();
}

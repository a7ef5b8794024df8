/** An evaluation as people read it. */
import { listed } from "../data/photos/words.ts";
import type { Confusion } from "../metrics/index.ts";
import type { EvaluationReport } from "../training/index.ts";
import { interval, percent, table } from "./output.ts";

/** Columns within which a confusion matrix is readable. */
const MATRIX_COLUMNS = 100;
/** Confusions that are listed where there are too many classes for a matrix. */
const MOST_CONFUSED = 20;

/** The figures of the whole and of each class that there were images of, or that others were taken for. */
export function reportText(report: EvaluationReport): string {
  const { accuracy, accuracyInterval, count, loss, top5, top5Interval, perClass, confusion } = report;
  const isPredicted = (output: number): boolean => confusion.some((row) => 0 < (row[output] ?? 0));
  const shown = perClass.filter(
    (entry, output) => 0 < entry.count || (perClass.length <= count && isPredicted(output)),
  );
  const rows = shown.map((entry) => [
    entry.class,
    entry.count,
    ...[entry.precision, entry.recall, entry.f1].map(percent),
  ]);
  return [
    `accuracy ${percent(accuracy)} of ${count} images ${interval(accuracyInterval)}`,
    ...(top5 !== null && top5Interval !== null
      ? [`right class among the first five ${percent(top5)} ${interval(top5Interval)}`]
      : []),
    `loss ${loss.toFixed(4)}\n`,
    table([["class", "images", "precision", "recall", "F1"], ...rows]),
  ].join("\n");
}

/** A sentence on the classes without an image, which the accuracy says nothing of; none if each has one. */
export function absentNote({ perClass }: Pick<EvaluationReport, "perClass">): string | undefined {
  const absent = perClass.filter(({ count }) => count === 0).map((entry) => entry.class);
  if (absent.length === 0) return undefined;
  return `There is no image of ${listed(absent)} of the model's ${perClass.length} classes.`;
}

/** The confusion matrix of the classes that occur, or where that is too wide, who is most often taken for whom. */
export function confusionText({ confusion, perClass }: Pick<EvaluationReport, "confusion" | "perClass">): string {
  const names = perClass.map((entry) => entry.class);
  const outputs = [...names.keys()];
  const truths = outputs.filter((index) => confusion[index]?.some((cell) => 0 < cell));
  const columns = outputs.filter((index) => truths.includes(index) || truths.some((row) => confusion[row]?.[index]));
  const rows = truths.map((truth) => [names[truth] ?? "", ...columns.map((taken) => confusion[truth]?.[taken] ?? 0)]);
  const matrix = table([["true \\ predicted", ...columns.map((index) => names[index] ?? "")], ...rows]);
  if (matrix.split("\n").every((line) => line.length <= MATRIX_COLUMNS)) return `confusion matrix\n${matrix}`;
  return confusedText(confusion, names);
}

function confusedText(confusion: Confusion, names: readonly string[]): string {
  const pairs = confusion.flatMap((row, truth) => {
    const images = row.reduce((sum, cell) => sum + cell, 0);
    return row.flatMap((count, taken) => (taken === truth || count === 0 ? [] : [{ truth, taken, count, images }]));
  });
  if (pairs.length === 0) return "no image is taken for one of another class";
  const most = pairs.toSorted((a, b) => b.count - a.count || a.truth - b.truth || a.taken - b.taken);
  const rows = most
    .slice(0, MOST_CONFUSED)
    .map(({ truth, taken, count, images }) => [names[truth] ?? "", names[taken] ?? "", count, percent(count / images)]);
  const title =
    MOST_CONFUSED < pairs.length
      ? `the ${MOST_CONFUSED} most frequent confusions of ${pairs.length}`
      : "all confusions";
  return `${title}\n${table([["class", "taken for", "images", "of the class"], ...rows])}`;
}

/** The course of a training run: loss and accuracy. */
import type { TopLevelSpec } from "vega-lite";
import { FONT_FAMILY, renderSvg } from "../image/index.ts";
import type { EpochRecord, MetricsRecord, StepRecord } from "../metrics/index.ts";
import { COLOURS, FONT_SIZE, formatCount, formatShare, SCALE } from "./style.ts";

/** A point of a line. `measured` is false for means over steps, which get no dot. */
interface Point {
  readonly x: number;
  readonly value: number;
  /** What the legend calls its line, as the dashboard and the terminal do: "training loss", "validation accuracy". */
  readonly line: string;
  readonly measured: boolean;
}

/** What a panel shows. */
type Figure = "loss" | "accuracy";

/** Points of the training loss line: each is the mean over as many consecutive steps as this number asks for. */
const LOSS_POINTS = 80;
/** With fewer epochs than this, steps say more. */
const EPOCHS_ON_AXIS = 3;
/** A loss that spans more than this ratio is shown on a logarithmic axis. */
const WIDE_RATIO = 20;
/** 1, 2 and 5 of each power of ten that a loss may have. */
const LOG_TICKS = Array.from({ length: 24 }, (_, i) => i - 18).flatMap((power) =>
  [1, 2, 5].map((tick) => Number(`${tick}e${power}`)),
);
/** With more ticks than this, only the powers of ten stay. */
const MAX_LOG_TICKS = 9;
const PANEL = { width: 400, height: 270 } as const;
/** Of a panel by itself, which a telephone shows too. */
const SMALL_PANEL = { width: 310, height: 220 } as const;

/** Both panels as a PNG file; see `curvesSvg`. */
export const curvesPng = async (
  records: readonly MetricsRecord[],
  options: { title?: string } = {},
): Promise<Uint8Array> => renderSvg(await curvesSvg(records, options), { scale: SCALE });

/**
 * Loss (left) and accuracy (right) of training and validation, against the epoch, or against the step while there are
 * fewer than three epochs. Training loss is a running mean over steps where there are step records, and one point for
 * each epoch otherwise. Values that are not finite are left out.
 */
export async function curvesSvg(
  records: readonly MetricsRecord[],
  { title = "Training" }: { title?: string } = {},
): Promise<string> {
  return drawn({
    title: { text: title, subtitle: summary(records) },
    background: COLOURS.background,
    padding: 24,
    spacing: 40,
    hconcat: panelsOf(records),
    resolve: { scale: { color: "independent" }, legend: { color: "independent" } },
  });
}

/** The two panels of `curvesSvg` as drawings of their own, without a background. */
export async function curvePanels(records: readonly MetricsRecord[]): Promise<{ loss: string; accuracy: string }> {
  const [loss, accuracy] = panelsOf(records);
  const alone = (panel: object | undefined): Promise<string> =>
    drawn({ background: null, padding: 4, ...panel, ...SMALL_PANEL });
  return { loss: await alone(loss), accuracy: await alone(accuracy) };
}

/** A chart in Vega-Lite's words as SVG. */
async function drawn(chart: object): Promise<string> {
  const [vega, { compile }] = await Promise.all([import("vega"), import("vega-lite")]);
  const $schema = "https://vega.github.io/schema/vega-lite/v6.json";
  const { spec } = compile({ $schema, config: CONFIG, ...chart } as TopLevelSpec);
  return new vega.View(vega.parse(spec), { renderer: "none" }).toSVG();
}

/** Loss and accuracy, in Vega-Lite's words. */
function panelsOf(records: readonly MetricsRecord[]): object[] {
  const steps = stepAxis(records);
  const losses = linesOf(records, "loss", steps.at);
  const accuracies = linesOf(records, "accuracy", steps.at);
  const x = {
    field: "x",
    type: "quantitative",
    title: steps.title,
    scale: { domain: [0, steps.end], nice: false },
    axis: { tickMinStep: 1, format: ",~f" },
  };
  return [
    panel("loss", losses, { x, y: { title: "Loss (cross entropy, nats)", ...lossAxis(losses) } }),
    panel("accuracy", accuracies, { x, y: { title: "Accuracy", ...accuracyAxis(accuracies) } }),
  ];
}

/** Lines over `points`, with a dot at each point that was measured. */
const panel = (figure: Figure, points: readonly Point[], { x, y }: { x: object; y: object }): object => ({
  ...PANEL,
  data: { values: points },
  encoding: {
    x,
    y: { field: "value", type: "quantitative", ...y },
    color: { field: "line", type: "nominal", title: null, scale: coloursOf(figure) },
  },
  layer: [
    { mark: { type: "line", strokeWidth: 2, strokeJoin: "round" } },
    { mark: { type: "point", filled: true, size: 40, opacity: 1 }, transform: [{ filter: "datum.measured" }] },
  ],
});

const coloursOf = (figure: Figure) => ({
  domain: [`training ${figure}`, `validation ${figure}`],
  range: [COLOURS.blue, COLOURS.orange],
});

const CONFIG = {
  font: FONT_FAMILY,
  view: { stroke: null },
  title: {
    anchor: "start",
    offset: 16,
    fontSize: FONT_SIZE.title,
    fontWeight: 600,
    color: COLOURS.text,
    subtitleFontSize: FONT_SIZE.label,
    subtitleColor: COLOURS.faintText,
    subtitlePadding: 6,
    subtitleLineHeight: 17,
  },
  axis: {
    domainColor: COLOURS.line,
    tickColor: COLOURS.line,
    gridColor: COLOURS.line,
    labelColor: COLOURS.faintText,
    labelFontSize: FONT_SIZE.small,
    titleColor: COLOURS.text,
    titleFontSize: FONT_SIZE.label,
    titleFontWeight: 600,
    titlePadding: 10,
  },
  axisX: { grid: false, labelFlush: false },
  axisY: { domain: false, ticks: false },
  legend: {
    orient: "top",
    columnPadding: -8,
    labelColor: COLOURS.text,
    labelFontSize: FONT_SIZE.label,
    symbolType: "stroke",
    symbolStrokeWidth: 3,
    labelLimit: 200,
  },
} as const;

/** The best validation accuracy, and why that of training may lie below it. */
function summary(records: readonly MetricsRecord[]): string[] {
  let best: Exclude<MetricsRecord, StepRecord> | undefined;
  for (const record of records) {
    if (record.type !== "step" && record.val.accuracy > (best?.val.accuracy ?? -1)) best = record;
  }
  if (!best) return ["No evaluation yet"];
  const when = `epoch ${best.epoch}, step ${formatCount(best.step)}`;
  return [
    `Best validation accuracy ${formatShare(best.val.accuracy, 2)} (${when})`,
    "Training accuracy is the mean over the steps of each epoch",
  ];
}

/** How steps are laid along the horizontal axis. */
interface StepAxis {
  readonly title: string;
  /** Place of a step, 0 at the left. */
  readonly at: (step: number) => number;
  /** Place of the right end. */
  readonly end: number;
}

/** Steps, or from `EPOCHS_ON_AXIS` epochs on epochs and their fractions. */
function stepAxis(records: readonly MetricsRecord[]): StepAxis {
  const steps = records.at(-1)?.step ?? 1;
  const last = records.findLast((record): record is EpochRecord => record.type === "epoch");
  if (!last || last.epoch < EPOCHS_ON_AXIS) return { title: "Step", at: (step) => step, end: steps };
  const at = (step: number): number => (step * last.epoch) / last.step;
  return { title: "Epoch", at, end: at(steps) };
}

function linesOf(records: readonly MetricsRecord[], figure: Figure, at: StepAxis["at"]): Point[] {
  const steps = records.filter((record) => record.type === "step");
  const points: Point[] = figure === "loss" ? runningMeans(steps, at) : [];
  const perEpoch = points.length === 0;
  for (const record of records) {
    if (record.type === "step") continue;
    const x = at(record.step);
    if (record.type === "epoch" && perEpoch) {
      points.push({ x, value: record.train[figure], line: `training ${figure}`, measured: true });
    }
    points.push({ x, value: record.val[figure], line: `validation ${figure}`, measured: true });
  }
  return points.filter(({ value }) => Number.isFinite(value));
}

/** Means of the loss over groups of consecutive steps, each at the middle of its group. */
function runningMeans(records: readonly StepRecord[], at: StepAxis["at"]): Point[] {
  const steps = records.filter(({ loss }) => Number.isFinite(loss));
  const size = Math.ceil(steps.length / LOSS_POINTS);
  return Array.from({ length: size && Math.ceil(steps.length / size) }, (_, index) => {
    const group = steps.slice(index * size, (index + 1) * size);
    const mean = (figure: "step" | "loss"): number =>
      group.reduce((sum, record) => sum + record[figure], 0) / group.length;
    return { x: at(mean("step")), value: mean("loss"), line: "training loss", measured: false };
  });
}

/** Linear from 0, or logarithmic where a linear axis would flatten what matters. */
function lossAxis(points: readonly Point[]): object {
  const [smallest, largest] = range(points);
  if (smallest <= 0 || largest <= WIDE_RATIO * smallest) return { scale: { domain: [0, largest], nice: true } };
  const [low, high] = [smallest * 0.9, largest * 1.1];
  const all = LOG_TICKS.filter((tick) => low <= tick && tick <= high);
  const values = all.length > MAX_LOG_TICKS ? all.filter((tick) => Number.isInteger(Math.log10(tick))) : all;
  return { scale: { type: "log", domain: [low, high], nice: false }, axis: { values, format: "~g" } };
}

/** From just below the least accuracy to just above the greatest. */
function accuracyAxis(points: readonly Point[]): object {
  return { scale: { domain: range(points), zero: false, nice: true }, axis: { format: "~%" } };
}

/** The least and the greatest value; 0 to 1 where there is none, and never empty. */
function range(points: readonly Point[]): [number, number] {
  if (points.length === 0) return [0, 1];
  const values = points.map(({ value }) => value);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  return least < greatest ? [least, greatest] : [least / 2, greatest || 1];
}

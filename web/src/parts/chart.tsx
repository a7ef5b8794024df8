import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { colour, colours } from "../theme.ts";

/** A line of a chart. */
export interface Line {
  readonly label: string;
  /** A custom property such as `--train`, or a colour. */
  readonly colour: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Drawn thin and pale, as raw values are. */
  readonly faint?: boolean;
  /** Lengths of its dashes and gaps, in pixels; a whole line without. */
  readonly dash?: readonly number[];
}

/** What a chart shows. */
export interface ChartProps {
  readonly title: string;
  readonly lines: readonly Line[];
  readonly xLabel: string;
  /** How values are written. */
  readonly format: (value: number) => string;
  /** Charts of one group show the same place under the pointer. */
  readonly group?: string;
  readonly logarithmic?: boolean;
}

const HEIGHT = 260;
const FONT = "12px Inter, system-ui, sans-serif";
/** Without zeros at the end, which an axis has no use for. */
const short = (text: string): string => text.replace(/(\.\d*?)0+(?=%?$)/, "$1").replace(/\.(?=%?$)/, "");
const resolved = (name: string): string => (name.startsWith("--") ? colour(name) : name);

function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  const tables = lines.map(({ points }): uPlot.AlignedData => [points.map(([x]) => x), points.map(([, y]) => y)]);
  return tables.length === 1 ? (tables[0] as uPlot.AlignedData) : uPlot.join(tables);
}

function seriesOf({ label, colour: name, faint, dash }: Line, format: ChartProps["format"]): uPlot.Series {
  return {
    label,
    stroke: () => resolved(name),
    width: faint ? 1 : 2,
    alpha: faint ? 0.4 : 1,
    dash: dash && 0 < dash.length ? [...dash] : undefined,
    spanGaps: true,
    points: faint ? { show: false } : { size: 5, fill: () => resolved(name) },
    value: (_, value) => (value === null || value === undefined ? "–" : format(value)),
  };
}

const axis = { stroke: () => colour("--faint"), font: FONT, ticks: { show: false } };
const grid = { stroke: () => colour("--line"), width: 1 };

function optionsOf({ lines, xLabel, format, group, logarithmic }: ChartProps, width: number): uPlot.Options {
  return {
    width,
    height: HEIGHT,
    padding: [12, 12, 0, 0],
    cursor: { ...(group && { sync: { key: group } }), drag: { x: true, y: false }, points: { size: 7 } },
    scales: {
      x: { time: false, range: (_, low, high) => [Math.min(low, 0), low === high ? high + 1 : high] },
      y: { distr: logarithmic ? 3 : 1 },
    },
    hooks: { setCursor: [showLast], ready: [showLast, (plot) => drawMarkers(plot, lines)], setData: [showLast] },
    series: [
      {
        label: xLabel,
        value: (_, value) => (value === null || value === undefined ? "–" : String(Math.round(value * 100) / 100)),
      },
      ...lines.map((line) => seriesOf(line, format)),
    ],
    axes: [
      { ...axis, grid: { show: false }, label: xLabel, labelSize: 18, labelFont: FONT, size: 30, gap: 4 },
      {
        ...axis,
        grid,
        size: 58,
        gap: 6,
        values: (_, values) => values.map((value) => (value === null ? "" : short(format(value)))),
      },
    ],
  };
}

/** While nothing is under the pointer, the legend shows the last value of each line. */
function showLast(plot: uPlot): void {
  if (0 <= (plot.cursor.left ?? -1)) return;
  const last = plot.data.map((values) => values.findLastIndex((value) => value !== null && value !== undefined));
  plot.setLegend({ idxs: last.map((index) => (index === -1 ? null : index)) }, false);
}

/** In the legend each line is drawn as in the chart: with its colour and its dashes. */
function drawMarkers({ root }: uPlot, lines: readonly Line[]): void {
  const markers = [...root.querySelectorAll<HTMLElement>(".u-series .u-marker")].slice(-lines.length);
  for (const [index, marker] of markers.entries()) {
    const line = lines[index];
    if (!line) continue;
    marker.style.border = "0";
    marker.style.background = dashesOf(line);
    marker.style.opacity = line.faint ? "0.5" : "1";
    marker.parentElement?.setAttribute("title", line.label);
  }
}

/** A line with its colour and dashes as a background. */
export function dashesOf({ colour: name, dash = [] }: Pick<Line, "colour" | "dash">): string {
  const hue = name.startsWith("--") ? `var(${name})` : name;
  let at = 0;
  const stops = dash.map((length, index) => {
    const from = at;
    at += length;
    return `${index % 2 === 0 ? hue : "transparent"} ${from}px ${at}px`;
  });
  return dash.length === 0 ? hue : `repeating-linear-gradient(90deg, ${stops.join(", ")})`;
}

/** The last value of each line, in words. */
const inWords = ({ lines, format }: ChartProps): string =>
  lines
    .filter(({ faint }) => !faint)
    .map(({ label, points }) => {
      const last = points.at(-1)?.[1];
      return `${label} ${last === undefined || last === null ? "–" : format(last)}`;
    })
    .join(", ");

/** Lines over a common axis; what is under the pointer stands in the legend. Dragging enlarges, a double click shows all again. */
export function Chart(given: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const { title } = given;
  const { lines } = given;
  const isEmpty = lines.every(({ points }) => points.length === 0);
  const props = given;
  const kind = JSON.stringify([
    isEmpty,
    lines.map(({ label, colour: name, dash }) => [label, name, dash]),
    props.xLabel,
    props.logarithmic,
  ]);
  // a chart of other lines is another chart
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const made = new uPlot(optionsOf(props, element.clientWidth || 300), dataOf(lines), element);
    plot.current = made;
    const observer = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    observer.observe(element);
    const stop = colours.subscribe(() => made.redraw(false));
    return () => {
      stop();
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [kind]);
  useEffect(() => {
    plot.current?.setData(dataOf(lines));
  }, [lines]);
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      {isEmpty ? (
        <p class="faint none">No points yet.</p>
      ) : (
        <div ref={box} role="img" aria-label={`${title}: ${inWords(props)}`} />
      )}
    </figure>
  );
}

/** The confusion matrix as a heat map. */
import { renderSvg } from "../image/index.ts";
import type { Confusion } from "../metrics/index.ts";
import { COLOURS, FONT_SIZE, formatCount, formatShare, SCALE, shortened, textWidth } from "./style.ts";
import { drawing, element, HEADING_HEIGHT, text } from "./svg.ts";

const MARGIN = 24;
/** Units of the whole matrix, as far as the limits of a cell allow. */
const MATRIX = 640;
const CELL = { smallest: 1, largest: 64 } as const;
/** A cell needs this much to hold a count. */
const CELL_WITH_TEXT = 26;
const LABEL_ROOM = 130;
const LABEL_HEIGHT = 11;
const AXIS_TITLE = 26;
/** Keeps the title whole when there are two classes. */
const NARROWEST = 380;

/** Lightness from white (share 0) to full colour (share 1). The root makes few errors visible too. */
const tint = ([red, green, blue]: readonly number[], share: number): string => {
  const strength = Math.sqrt(share);
  const channels = [red, green, blue].map((value) => Math.round(255 + ((value ?? 0) - 255) * strength));
  return `rgb(${channels.join(",")})`;
};
const CORRECT = [38, 92, 158] as const;
const CONFUSED = [204, 78, 20] as const;
/** Above this share of its row a cell is so dark that its count is white. */
const DARK = 0.35;

/** The heat map as a PNG file; see `confusionSvg`. */
export const confusionPng = (
  confusion: Confusion,
  classes: readonly string[],
  options: { title?: string } = {},
): Promise<Uint8Array> => renderSvg(confusionSvg(confusion, classes, options), { scale: SCALE });

/**
 * A cell for each pair of true class (row) and predicted class (column), coloured by its share of the row: blue on the
 * diagonal, where the prediction is right, orange elsewhere. Counts are written where the cells are large enough, and
 * every n-th class is named where there are too many.
 */
export function confusionSvg(
  confusion: Confusion,
  classes: readonly string[],
  { title = "Confusion matrix" }: { title?: string } = {},
): string {
  const cell = Math.min(CELL.largest, Math.max(CELL.smallest, MATRIX / classes.length));
  const names = axisNames(classes, cell);
  const left = MARGIN + AXIS_TITLE + names.room;
  const top = MARGIN + HEADING_HEIGHT;
  const side = cell * classes.length;
  const below = names.tilted ? names.room * Math.SQRT1_2 + LABEL_HEIGHT : 2 * LABEL_HEIGHT;
  const frame = { width: side, height: side, fill: "none", stroke: COLOURS.line };
  const matrix = [cells(confusion, cell), element("rect", frame), rowLabels(names, cell), columnLabels(names, cell)];
  const middle = { "text-anchor": "middle", "font-weight": 600 };
  const content = [
    element("g", { transform: `translate(${left} ${top})` }, matrix.join("\n")),
    text("Predicted class", { x: left + side / 2, y: top + side + below + 18, ...middle }),
    text("True class", { x: 0, y: 0, transform: `translate(${MARGIN + 10} ${top + side / 2}) rotate(-90)`, ...middle }),
  ];
  return drawing(content.join("\n"), {
    title,
    subtitle: summary(confusion),
    margin: MARGIN,
    width: Math.max(left + side, NARROWEST) + MARGIN,
    height: top + side + below + AXIS_TITLE + MARGIN,
  });
}

function summary(confusion: Confusion): string {
  const count = confusion.flat().reduce((sum, cell) => sum + cell, 0);
  const correct = confusion.reduce((sum, row, index) => sum + (row[index] ?? 0), 0);
  const share = count === 0 ? "" : ` (${formatShare(correct / count, 2)})`;
  return `${formatCount(correct)} of ${formatCount(count)} correct${share} · colour: share of the row`;
}

function cells(confusion: Confusion, cell: number): string {
  const drawn = confusion.flatMap((row, truth) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, predicted) => {
      if (count === 0) return "";
      const share = count / total;
      const [x, y] = [predicted * cell, truth * cell];
      const fill = tint(truth === predicted ? CORRECT : CONFUSED, share);
      const square = element("rect", { x, y, width: cell, height: cell, fill });
      return square + countText(count, { x: x + cell / 2, y: y + cell / 2, cell, dark: share > DARK });
    });
  });
  return drawn.join("");
}

function countText(count: number, { x, y, cell, dark }: { x: number; y: number; cell: number; dark: boolean }): string {
  if (cell < CELL_WITH_TEXT) return "";
  const written = String(count);
  const fontSize = Math.min(FONT_SIZE.label + 1, (cell - 4) / textWidth(written, 1));
  const fill = dark ? COLOURS.background : COLOURS.text;
  return text(written, { x, y: y + fontSize * 0.36, fill, "font-size": fontSize, "text-anchor": "middle" });
}

/** What stands along both axes. */
interface AxisNames {
  /** The names to write, and undefined where one is left out. */
  readonly names: readonly (string | undefined)[];
  readonly fontSize: number;
  /** Width of the widest name. */
  readonly room: number;
  /** Whether the names of the columns are too wide to stand upright. */
  readonly tilted: boolean;
}

function axisNames(classes: readonly string[], cell: number): AxisNames {
  const fontSize = Math.min(FONT_SIZE.label, Math.max(7, cell * 0.85));
  const every = Math.max(1, Math.ceil((fontSize * 1.15) / cell));
  const names = classes.map((name, i) => (i % every === 0 ? shortened(name, LABEL_ROOM, fontSize) : undefined));
  const room = Math.max(...names.map((name) => textWidth(name ?? "", fontSize))) + 8;
  return { names, fontSize, room, tilted: room > cell * every };
}

function rowLabels({ names, fontSize }: AxisNames, cell: number): string {
  const end = { x: -8, "font-size": fontSize, "text-anchor": "end" };
  const written = names.map((name, i) => name && text(name, { ...end, y: (i + 0.5) * cell + fontSize * 0.36 }));
  return written.join("");
}

function columnLabels({ names, fontSize, tilted }: AxisNames, cell: number): string {
  const side = names.length * cell;
  const written = names.map((name, i) => {
    const x = (i + 0.5) * cell;
    if (!name) return "";
    if (!tilted) return text(name, { x, y: side + 18, "font-size": fontSize, "text-anchor": "middle" });
    const transform = `translate(${x + fontSize * 0.3} ${side + 12}) rotate(-45)`;
    return text(name, { x: 0, y: 0, transform, "font-size": fontSize, "text-anchor": "end" });
  });
  return written.join("");
}

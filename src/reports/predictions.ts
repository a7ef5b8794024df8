/** A grid of pictures with what the network takes them for. */
import { encodePng, type Image, renderSvg } from "../image/index.ts";
import { COLOURS, FONT_SIZE, formatShare, SCALE, shortened, textWidth } from "./style.ts";
import { drawing, element, HEADING_HEIGHT, text } from "./svg.ts";

/** A picture and its prediction. */
export interface Prediction {
  readonly pixels: Image;
  /** Its class. */
  readonly truth: string;
  /** The class that the network gives the largest probability. */
  readonly predicted: string;
  /** That probability, 0..1. */
  readonly probability: number;
}

const COLUMNS = 6;
const PICTURE = 112;
const GAP = 16;
const MARGIN = 24;
const LINE_HEIGHT = 17;
/** Units that the check mark or cross takes with the gap after it. */
const MARK = 16;

/** Check mark and cross as paths in a square of 12 units, so that no font needs to have them. */
const MARKS = { right: "M2 6.5 L5 9.5 L10.5 3", wrong: "M2.5 2.5 L9.5 9.5 M9.5 2.5 L2.5 9.5" } as const;

/** The grid as a PNG file; see `predictionsSvg`. */
export const predictionsPng = async (
  items: readonly Prediction[],
  options: { title?: string } = {},
): Promise<Uint8Array> => renderSvg(await predictionsSvg(items, options), { scale: SCALE });

/**
 * A grid of six columns, a picture and a caption in each: a check mark or a cross, the predicted class and its
 * probability, and under a wrong one the true class. Pixels stay square; names that are too long end in an ellipsis.
 */
export async function predictionsSvg(
  items: readonly Prediction[],
  { title = "Predictions" }: { title?: string } = {},
): Promise<string> {
  const oneLine = items.every(fitsOneLine);
  const tiles = await Promise.all(items.map((item) => tile(item, oneLine)));
  const rowHeight = PICTURE + (oneLine ? 2 : 3) * LINE_HEIGHT + GAP;
  const placed = tiles.map((content, index) => {
    const x = MARGIN + (index % COLUMNS) * (PICTURE + GAP);
    const y = MARGIN + HEADING_HEIGHT + Math.floor(index / COLUMNS) * rowHeight;
    return element("g", { transform: `translate(${x} ${y})` }, content);
  });
  const correct = items.filter(({ truth, predicted }) => truth === predicted).length;
  return drawing(placed.join("\n"), {
    title,
    subtitle: `${correct} of these ${items.length} correct`,
    margin: MARGIN,
    width: 2 * MARGIN + COLUMNS * (PICTURE + GAP) - GAP,
    height: 2 * MARGIN + HEADING_HEIGHT + Math.ceil(items.length / COLUMNS) * rowHeight,
  });
}

/** Whether class and probability have room beside each other. */
const fitsOneLine = ({ predicted, probability }: Prediction): boolean =>
  MARK + textWidth(`${predicted} ${formatShare(probability)}`, FONT_SIZE.label) <= PICTURE;

async function tile(item: Prediction, oneLine: boolean): Promise<string> {
  const right = item.truth === item.predicted;
  const square = { x: 0.5, y: 0.5, width: PICTURE - 1, height: PICTURE - 1 };
  const stroke = right ? { stroke: COLOURS.line, "stroke-width": 1 } : { stroke: COLOURS.wrong, "stroke-width": 3 };
  return [
    element("rect", { ...square, fill: COLOURS.shade }),
    await embedded(item.pixels),
    element("rect", { ...square, ...stroke, fill: "none" }),
    caption(item, oneLine),
  ].join("");
}

function caption({ truth, predicted, probability }: Prediction, oneLine: boolean): string {
  const verdict = truth === predicted ? "right" : "wrong";
  const fill = COLOURS[verdict];
  const first = PICTURE + LINE_HEIGHT + 2;
  const fitting = (name: string): string => shortened(name, PICTURE - MARK, FONT_SIZE.label);
  const transform = `translate(0 ${first - 10})`;
  const lines = [
    element("path", { d: MARKS[verdict], transform, fill: "none", stroke: fill, "stroke-width": 2 }),
    text(fitting(predicted), { x: MARK, y: first, fill, "font-weight": 600 }),
    text(formatShare(probability), {
      ...(oneLine ? { x: PICTURE, y: first, "text-anchor": "end" } : { x: MARK, y: first + LINE_HEIGHT }),
      fill: COLOURS.faintText,
    }),
  ];
  const last = first + (oneLine ? 1 : 2) * LINE_HEIGHT;
  if (verdict === "wrong") lines.push(text(fitting(`true: ${truth}`), { x: MARK, y: last }));
  return lines.join("");
}

/** The picture, as large as fits into the square of a tile, centred; enlarged pixels keep their edges. */
async function embedded(pixels: Image): Promise<string> {
  const scale = PICTURE / Math.max(pixels.width, pixels.height);
  const width = pixels.width * scale;
  const height = pixels.height * scale;
  const png = Buffer.from(await encodePng(pixels)).toString("base64");
  return element("image", {
    x: (PICTURE - width) / 2,
    y: (PICTURE - height) / 2,
    width,
    height,
    style: scale >= 1 ? "image-rendering: pixelated" : "",
    href: `data:image/png;base64,${png}`,
  });
}

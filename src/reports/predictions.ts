/** Grids of pictures with what the network takes them for. */
import { type Image, renderSvg } from "../image/index.ts";
import { type CaptionLine, gridSvg, PICTURE, type Tile } from "./grid.ts";
import { COLOURS, FONT_SIZE, formatShare, SCALE, textWidth } from "./style.ts";
import { element } from "./svg.ts";

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

/** A prediction with what it costs. */
export interface CostlyPrediction extends Prediction {
  /** Cross entropy in nats. */
  readonly loss: number;
  /** Name of the file, if it is from one. */
  readonly file?: string;
}

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
  const correct = items.filter(isRight).length;
  return gridSvg(
    items.map((item) => tile(item, verdictLines(item, oneLine))),
    { title, subtitle: `${correct} of these ${items.length} correct` },
  );
}

/** The grid as a PNG file; see `worstSvg`. */
export const worstPng = async (
  items: readonly CostlyPrediction[],
  options: { title?: string } = {},
): Promise<Uint8Array> => renderSvg(await worstSvg(items, options), { scale: SCALE });

/** The same grid for the predictions that cost most: under each picture also its loss, and the name of its file. */
export async function worstSvg(
  items: readonly CostlyPrediction[],
  { title = "Highest losses" }: { title?: string } = {},
): Promise<string> {
  const oneLine = items.every(fitsOneLine);
  const tiles = items.map((item) => {
    const faint = { indent: MARK, fill: COLOURS.faintText };
    const file: CaptionLine[] = item.file === undefined ? [] : [{ content: item.file, ...faint }];
    const loss = { content: `loss ${item.loss.toFixed(2)}`, ...faint };
    return tile(item, [...verdictLines(item, oneLine), loss, ...file]);
  });
  return gridSvg(tiles, { title, subtitle: "Cross entropy in nats; the worst first" });
}

const isRight = ({ truth, predicted }: Prediction): boolean => truth === predicted;

/** Whether class and probability have room beside each other. */
const fitsOneLine = ({ predicted, probability }: Prediction): boolean =>
  MARK + textWidth(`${predicted} ${formatShare(probability)}`, FONT_SIZE.label) <= PICTURE;

/** Predicted class, probability, and the true class of a wrong one. */
function verdictLines(item: Prediction, oneLine: boolean): CaptionLine[] {
  const right = isRight(item);
  const lines: CaptionLine[] = [
    { content: item.predicted, indent: MARK, bold: true, fill: COLOURS[right ? "right" : "wrong"] },
    { content: formatShare(item.probability), indent: MARK, atEnd: oneLine, fill: COLOURS.faintText },
  ];
  return right ? lines : [...lines, { content: `true: ${item.truth}`, indent: MARK }];
}

function tile(item: Prediction, caption: readonly CaptionLine[]): Tile {
  const verdict = isRight(item) ? "right" : "wrong";
  const drawn = { d: MARKS[verdict], fill: "none", stroke: COLOURS[verdict], "stroke-width": 2 };
  const frame = verdict === "wrong" ? COLOURS.wrong : undefined;
  return { image: item.pixels, caption, mark: element("path", drawn), frame };
}

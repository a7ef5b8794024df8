/** A grid of pictures with lines of text under each. */
import type { Image } from "../image/index.ts";
import { dataUri } from "./data-uri.ts";
import { COLOURS, FONT_SIZE, shortened } from "./style.ts";
import { drawing, element, HEADING_HEIGHT, text } from "./svg.ts";

/** Units of a picture's square. */
export const PICTURE = 112;
/** Units of a line under a picture. */
export const LINE_HEIGHT = 17;
/** How pictures are put into the drawing: as sharp as it is rendered. */
const FORM = { longest: 2 * PICTURE, quality: 92 } as const;
const COLUMNS = 6;
const GAP = 16;
const MARGIN = 24;
const MARKED = 3;

/** One line under a picture. */
export interface CaptionLine {
  readonly content: string;
  readonly fill?: string;
  readonly bold?: boolean;
  /** Units from the left; 0 by default. */
  readonly indent?: number;
  /** Stands at the right end of the line before instead of on a line of its own. */
  readonly atEnd?: boolean;
}

/** A picture with its caption. */
export interface Tile {
  readonly image: Image;
  /** At the top first; what is too long ends in an ellipsis. */
  readonly caption: readonly CaptionLine[];
  /** SVG that is drawn at the beginning of the first line, in 12 units. */
  readonly mark?: string;
  /** Colour of a thick frame; a thin grey one by default. */
  readonly frame?: string;
}

/** What stands above the grid. */
export interface GridHeading {
  readonly title: string;
  readonly subtitle: string;
}

const linesOf = ({ caption }: Tile): number => caption.filter(({ atEnd }) => !atEnd).length;

/** The grid as SVG: six columns, and rows as high as the longest caption asks for. */
export async function gridSvg(tiles: readonly Tile[], { title, subtitle }: GridHeading): Promise<string> {
  const lines = Math.max(0, ...tiles.map(linesOf));
  const rowHeight = PICTURE + lines * LINE_HEIGHT + GAP;
  const drawn = await Promise.all(tiles.map(drawTile));
  const placed = drawn.map((content, index) => {
    const x = MARGIN + (index % COLUMNS) * (PICTURE + GAP);
    const y = MARGIN + HEADING_HEIGHT + Math.floor(index / COLUMNS) * rowHeight;
    return element("g", { transform: `translate(${x} ${y})` }, content);
  });
  return drawing(placed.join("\n"), {
    ...{ title, subtitle, margin: MARGIN },
    width: 2 * MARGIN + COLUMNS * (PICTURE + GAP) - GAP,
    height: 2 * MARGIN + HEADING_HEIGHT + Math.ceil(tiles.length / COLUMNS) * rowHeight,
  });
}

async function drawTile({ image, caption, mark, frame }: Tile): Promise<string> {
  const square = { x: 0.5, y: 0.5, width: PICTURE - 1, height: PICTURE - 1 };
  const stroke = frame ? { stroke: frame, "stroke-width": MARKED } : { stroke: COLOURS.line, "stroke-width": 1 };
  const transform = `translate(0 ${PICTURE + LINE_HEIGHT - 8})`;
  return [
    element("rect", { ...square, fill: COLOURS.shade }),
    await embedded(image),
    element("rect", { ...square, ...stroke, fill: "none" }),
    mark ? element("g", { transform }, mark) : "",
    drawCaption(caption),
  ].join("");
}

function drawCaption(caption: readonly CaptionLine[]): string {
  let line = 0;
  const drawn = caption.map(({ content, fill = COLOURS.text, bold, indent = 0, atEnd }) => {
    if (!atEnd) line++;
    const y = PICTURE + 2 + line * LINE_HEIGHT;
    const style = { y, fill, ...(bold && { "font-weight": 600 }) };
    if (atEnd) return text(content, { ...style, x: PICTURE, "text-anchor": "end" });
    return text(shortened(content, PICTURE - indent, FONT_SIZE.label), { ...style, x: indent });
  });
  return drawn.join("");
}

/** The picture, as large as fits into the square, centred; enlarged pixels keep their edges. */
async function embedded(image: Image): Promise<string> {
  const scale = PICTURE / Math.max(image.width, image.height);
  const width = image.width * scale;
  const height = image.height * scale;
  return element("image", {
    x: (PICTURE - width) / 2,
    y: (PICTURE - height) / 2,
    width,
    height,
    style: scale >= 1 ? "image-rendering: pixelated" : "",
    preserveAspectRatio: "none",
    href: await dataUri(image, FORM),
  });
}

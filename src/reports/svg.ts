/** Writing SVG drawings. */
import { escapeXml, FONT_FAMILY } from "../image/index.ts";
import { COLOURS, FONT_SIZE } from "./style.ts";

/** Attributes of an element; its text is apart. */
type Attributes = Readonly<Record<string, string | number>>;

/** An element with attributes and with content that is SVG already. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escapeXml(written3(value))}"`);
  return `<${name}${written.join("")}>${content}</${name}>`;
}

/** Numbers to three decimals: enough for any picture, and no digits that differ between machines. */
const written3 = (value: string | number): string =>
  typeof value === "number" ? String(Math.round(value * 1000) / 1000) : value;

/** A line of text that begins (or by `text-anchor` is centred or ends) at `x`, with its baseline at `y`. */
export const text = (content: string, attributes: Attributes & { readonly x: number; readonly y: number }): string =>
  element("text", attributes, escapeXml(content));

/** A drawing of `width`×`height` units on white, with its title and a line below it at the top left. */
export function drawing(content: string, options: DrawingOptions): string {
  const { width, height, margin, title, subtitle } = options;
  const heading = { x: margin, fill: COLOURS.text };
  return element(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      width: Math.ceil(width),
      height: Math.ceil(height),
      viewBox: `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`,
      "font-family": FONT_FAMILY,
      "font-size": FONT_SIZE.label,
      fill: COLOURS.text,
    },
    [
      element("rect", { width: "100%", height: "100%", fill: COLOURS.background }),
      text(title, { ...heading, y: margin + 14, "font-size": FONT_SIZE.title, "font-weight": 600 }),
      text(subtitle, { ...heading, y: margin + 34, fill: COLOURS.faintText }),
      content,
    ].join("\n"),
  );
}

/** What `drawing` takes. */
interface DrawingOptions {
  readonly width: number;
  readonly height: number;
  readonly margin: number;
  readonly title: string;
  readonly subtitle: string;
}

/** Units that the title and the line below it take, from the margin on. */
export const HEADING_HEIGHT = 52;

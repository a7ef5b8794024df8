/** Writing HTML: what is put into a template is escaped unless it is HTML already. */
import { escapeXml } from "../../image/index.ts";

/** Text that is HTML. */
export interface Html {
  readonly html: string;
}

/** What a template may hold; nothing is written for `undefined` and `false`. */
export type Content = Html | string | number | undefined | false | readonly Content[];

/** A template whose values are escaped. */
export const html = (texts: TemplateStringsArray, ...values: readonly Content[]): Html => ({
  html: texts.map((text, index) => text + written(values[index])).join(""),
});

/** Text that is HTML or SVG already, made by ourselves. */
export const raw = (text: string): Html => ({ html: text });

function written(content: Content): string {
  if (content === undefined || content === false) return "";
  if (typeof content === "string" || typeof content === "number") return escapeXml(String(content));
  return "html" in content ? content.html : content.map(written).join("");
}

/** Predictions as people and programs read them. */
import { messageOf } from "../errors.ts";
import type { PictureAnswer } from "../training/index.ts";
import { note, percent, print, printExact, printJson } from "./output.ts";

/** Forms in which predictions are printed. */
export const FORMATS = ["text", "json", "csv"] as const;
/** One of them. */
export type Format = (typeof FORMATS)[number];

/** What the printed lines depend on. */
export interface FormatOptions {
  /** Whether the network's raw outputs are printed too. */
  readonly logits: boolean;
  /** Names of the model's classes. */
  readonly classes: readonly string[];
  /** Classes of each answer. */
  readonly top: number;
  /** Whether heat maps are written, whose files are told too. */
  readonly heatMaps?: boolean;
}

/** Prints the answers one after the other. */
export interface AnswerPrinter {
  /** Before the first answer. */
  readonly begin: () => void;
  readonly answer: (answer: PictureAnswer, extra?: PrintedExtra) => void;
}

/** What is also said of an answer. */
export interface PrintedExtra {
  /** The file of its heat map. */
  readonly heatmap?: string;
}

function printText(answer: PictureAnswer, logits: boolean, { heatmap }: PrintedExtra = {}): void {
  if (answer.error) {
    note(`error: ${answer.error.message}\nhint: ${answer.error.hint}`);
    return;
  }
  const ranked = answer.top.map((entry) => `${entry.class} ${percent(entry.probability)}`).join(", ");
  const raw = logits ? `  logits ${Array.from(answer.logits).join(" ")}` : "";
  print(`${answer.file}  ${ranked}${raw}${heatmap === undefined ? "" : `  heat map ${heatmap}`}`);
}

function printJsonLine({ file, ...answer }: PictureAnswer, logits: boolean, extra: PrintedExtra = {}): void {
  if (answer.error) printJson({ file, error: messageOf(answer.error) });
  else printJson({ file, top: answer.top, ...(logits && { logits: Array.from(answer.logits) }), ...extra });
}

type Cell = string | number;

/** A record of a CSV file (RFC 4180) without its end: texts with commas, quotes or line breaks stand between quotes. */
export const csvRecord = (cells: readonly Cell[]): string =>
  cells.map((cell) => (/[",\r\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell)).join(",");

/** `file`, then `class` and `probability` of the first class, `class 2` … of the next ones, logits, the heat map's file, and last the error. */
function csvPrinter({ logits, classes, top, heatMaps }: FormatOptions): AnswerPrinter {
  const places = Array.from({ length: Math.min(top, classes.length) }, (_, index) => index);
  const numbered = (name: string, place: number): string => (place === 0 ? name : `${name} ${place + 1}`);
  const header = [
    "file",
    ...places.flatMap((place) => [numbered("class", place), numbered("probability", place)]),
    ...(logits ? classes.map((name) => `logit ${name}`) : []),
    ...(heatMaps ? ["heatmap"] : []),
    "error",
  ];
  return {
    begin: () => printExact(csvRecord(header)),
    answer(answer, { heatmap = "" } = {}) {
      const empty = header.slice(2).map(() => "");
      if (answer.error) return printExact(csvRecord([answer.file, ...empty, messageOf(answer.error)]));
      const ranked = answer.top.flatMap((entry): Cell[] => [entry.class, entry.probability]);
      printExact(
        csvRecord([
          answer.file,
          ...ranked,
          ...(logits ? Array.from(answer.logits) : []),
          ...(heatMaps ? [heatmap] : []),
          "",
        ]),
      );
    },
  };
}

/** The printer of a form. */
export function printerOf(format: Format, options: FormatOptions): AnswerPrinter {
  if (format === "csv") return csvPrinter(options);
  const printOne = format === "json" ? printJsonLine : printText;
  return { begin() {}, answer: (answer, extra) => printOne(answer, options.logits, extra) };
}

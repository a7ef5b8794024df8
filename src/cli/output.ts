/** What the command line prints: results on standard output, everything else on standard error. */
import { machineFault } from "../atomic-file.ts";
import { messageOf, UserError } from "../errors.ts";
import { harmless } from "../harmless.ts";

/** Exit codes of the command line. */
export const EXIT = { fine: 0, userError: 1, wrongFlag: 2, bug: 70, interrupted: 130 } as const;

/** Prints a result for people. */
export const print = (text: string): void => printExact(harmless(text));

/** Prints a result for programs: every character as it is. */
export const printExact = (text: string): void => void process.stdout.write(`${text}\n`);

/** Prints one JSON object on a line of its own. */
export const printJson = (value: unknown): void => printExact(JSON.stringify(value));

/** Prints a note for the person at the keyboard. */
export const note = (text: string): void => void process.stderr.write(`${harmless(text)}\n`);

const asUserError = (error: unknown): UserError | undefined =>
  error instanceof UserError ? error : machineFault(error);

/** Prints an error as two lines, or with its stack if it is a bug, and returns the exit code. */
export function printError(error: unknown): number {
  const known = asUserError(error);
  if (known) {
    note(`error: ${known.message}\nhint: ${known.hint}`);
    return EXIT.userError;
  }
  note(error instanceof Error ? (error.stack ?? error.message) : String(error));
  note("This is a bug in ocelli: please report it with the lines above.");
  return EXIT.bug;
}

/**
 * Whether a command line asks for JSON on standard output, also one that is wrong otherwise; not if it asks for another form
 * as well.
 */
export function wantsJson(args: readonly string[] = process.argv.slice(2)): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  const at = own.findIndex((arg) => arg === "--format" || arg.startsWith("--format="));
  const form = own[at] === "--format" ? own[at + 1] : own[at]?.slice("--format=".length);
  if (own.includes("--csv")) return false;
  return form === undefined ? own.includes("--json") : form === "json";
}

/** Prints an error as `printError` does and, where JSON is asked for, as an object on standard output; returns the exit code. */
export function failWith(error: unknown): number {
  const code = printError(error);
  const known = asUserError(error);
  const hint = known?.hint ?? "This is a bug in ocelli: please report it.";
  if (wantsJson()) printJsonError(messageOf(known ?? error), hint);
  return code;
}

/** An error as programs read it. */
export const printJsonError = (message: string, hint: string): void => printJson({ error: { message, hint } });

/** Aligned columns; numbers to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const texts = rows.map((row) => row.map((cell) => harmless(String(cell))));
  const widths = (texts[0] ?? []).map((_, column) => Math.max(...texts.map((row) => row[column]?.length ?? 0)));
  const isNumeric = (column: number): boolean => rows.slice(1).every((row) => typeof row[column] === "number");
  return texts
    .map((row) =>
      row
        .map((text, column) =>
          isNumeric(column) ? text.padStart(widths[column] ?? 0) : text.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Seconds below which tenths are shown. */
const SHORT = 9.95;

/** `98.25%` */
export const percent = (share: number): string => `${(100 * share).toFixed(2)}%`;

/** `(95% interval 80.10% to 85.20%)` */
export const interval = ([low, high]: readonly [number, number]): string =>
  `(95% interval ${percent(low)} to ${percent(high)})`;

/** `2.9 MB` */
export const sizeText = (bytes: number): string =>
  bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

/** `0.3 s`, `48 s`, `3:05 min`, `2:10 h` */
export function duration(seconds: number): string {
  if (seconds < SHORT) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [large, small, unit] =
    whole < 3600 ? [whole / 60, whole % 60, "min"] : [whole / 3600, (whole % 3600) / 60, "h"];
  return `${Math.floor(large)}:${String(Math.floor(small)).padStart(2, "0")} ${unit}`;
}

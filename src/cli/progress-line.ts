/** A line on a terminal's standard error that says how far a command is. */

const BAR_WIDTH = 24;
/** A terminal is written to at most so often, in milliseconds. */
const REDRAW_AFTER = 80;

/** `████░░░░` */
export const drawBar = (share: number, width = BAR_WIDTH): string => {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * width);
  return `${"█".repeat(filled)}${"░".repeat(width - filled)}`;
};

/** Where the line is written. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** A line `WHAT ███░ 12/40`, on a terminal only. `end` takes it away. */
export function progressLine(
  what: string,
  total: number,
  output: ProgressOutput = process.stderr,
): { show(done: number): void; end(): void } {
  const count = (value: number): string => value.toLocaleString("en-US");
  let drawn = Number.NEGATIVE_INFINITY;
  return {
    show(done) {
      if (output.isTTY !== true || performance.now() - drawn < REDRAW_AFTER) return;
      drawn = performance.now();
      const line = `${what} ${drawBar(done / total)} ${count(done)}/${count(total)}`;
      output.write(`\r\x1b[2K${line.slice(0, Math.max(0, (output.columns ?? Number.POSITIVE_INFINITY) - 1))}`);
    },
    end() {
      if (Number.isFinite(drawn)) output.write("\r\x1b[2K");
    },
  };
}

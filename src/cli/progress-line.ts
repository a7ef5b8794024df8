/** A line on a terminal's standard error that says how far a command is. */

const BAR_WIDTH = 24;
/** A terminal is written to at most so often, in milliseconds. */
const REDRAW_AFTER = 80;

/** `████░░░░` */
export const drawBar = (share: number): string => {
  const filled = Math.round(Math.min(1, Math.max(0, share)) * BAR_WIDTH);
  return `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
};

/** Where the line is written. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
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
      output.write(`\r\x1b[2K${what} ${drawBar(done / total)} ${count(done)}/${count(total)}`);
    },
    end() {
      if (Number.isFinite(drawn)) output.write("\r\x1b[2K");
    },
  };
}

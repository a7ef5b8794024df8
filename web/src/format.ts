/** Figures as people read them. */

/** `98.25%`; a dash for what is not known. */
export const percent = (share: number | null | undefined, digits = 2): string =>
  share === null || share === undefined ? "–" : `${(100 * share).toFixed(digits)}%`;

/** `0.0381` */
export const figure = (value: number | null | undefined): string =>
  value === null || value === undefined
    ? "–"
    : value !== 0 && Math.abs(value) < 0.001
      ? value.toExponential(1)
      : value.toFixed(4);

/** `0.3 s`, `48 s`, `3:05 min`, `2:10 h` */
export function duration(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return "–";
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [large, small, unit] =
    whole < 3600 ? [whole / 60, whole % 60, "min"] : [whole / 3600, (whole % 3600) / 60, "h"];
  return `${Math.floor(large)}:${String(Math.floor(small)).padStart(2, "0")} ${unit}`;
}

/** `now`, `5 min ago`, `3 h ago`, or the date. */
export function ago(time: number, now = Date.now()): string {
  const seconds = (now - time) / 1000;
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)} h ago`;
  return new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
}

/** `10,000` */
export const count = (value: number): string => value.toLocaleString("en-US");

/** `1 picture`, `3 pictures` */
export const counted = (value: number, one: string): string => `${count(value)} ${one}${value === 1 ? "" : "s"}`;

/** A setting's value as text. */
export const valueText = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "–");

/** `812 KB`, `4.8 MB` */
export const bytes = (size: number): string =>
  size < 1e6 ? `${Math.max(1, Math.round(size / 1000))} KB` : `${(size / 1e6).toFixed(1)} MB`;

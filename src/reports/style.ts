/** What all pictures share: colours, font sizes, and how names and numbers are written. */

/** Colours that people who see no red or green tell apart too (after Okabe and Ito 2008). */
export const COLOURS = {
  text: "#1f2933",
  faintText: "#66717d",
  line: "#dfe3e8",
  shade: "#f3f4f6",
  background: "#ffffff",
  /** Training. */
  blue: "#3b76c4",
  /** Validation. */
  orange: "#e07b2d",
  right: "#2f7d57",
  wrong: "#c62f2f",
} as const;

/** Pixels for each unit of a drawing. */
export const SCALE = 2;

/** Text sizes in units of a drawing. */
export const FONT_SIZE = { title: 17, label: 12, small: 11 } as const;

/** Widths of Inter's characters in shares of the font size, rounded up; what matches none of these is `OTHER_WIDTH`. */
const WIDTHS: readonly (readonly [RegExp, number])[] = [
  [/[ijl.,:;'|!()[\]/ ftrI-]/, 0.38],
  [/[mwMW@%—…]/, 0.94],
  [/[A-HJ-LN-VX-Z]/, 0.75],
  [/[\u1100-\u1cff\u2e80-\uffff\u{10000}-\u{10ffff}]/u, 1], // Chinese, Japanese, Korean and their neighbours, emoji
];
const OTHER_WIDTH = 0.63;

/** About how wide a text is, in the unit of `fontSize`; rather too wide than too narrow. */
export const textWidth = (text: string, fontSize: number): number =>
  fontSize * [...text].reduce((sum, char) => sum + (WIDTHS.find(([set]) => set.test(char))?.[1] ?? OTHER_WIDTH), 0);

/** The text, its end replaced by an ellipsis if it would be wider than `width`. */
export function shortened(text: string, width: number, fontSize: number): string {
  if (textWidth(text, fontSize) <= width) return text;
  const chars = [...text];
  while (chars.length > 1 && textWidth(`${chars.join("")}…`, fontSize) > width) chars.pop();
  return `${chars.join("").trimEnd()}…`;
}

/** A count with separators of thousands: 10,000. */
export const formatCount = (count: number): string => count.toLocaleString("en-US");

/** A share 0..1 as a percentage: 98.7%. Less than all is never rounded to 100%. */
export function formatShare(share: number, decimals = 1): string {
  if (share === 1) return "100%";
  const percent = (share * 100).toFixed(decimals);
  return Number(percent) < 100 ? `${percent}%` : `>${(100 - 10 ** -decimals).toFixed(decimals)}%`;
}

/** Drawing: strokes bent as a hand bends them, and their ink on pixels. */
import type { Rng } from "../../rng.ts";
import { DIGITS, type Point, type Stroke } from "./strokes.ts";

/** Width and height of a drawing in pixels. */
export const DIGIT_SIZE = 28;

const STEPS_PER_SPAN = 5;
const CENTRE = DIGIT_SIZE / 2;
/** Largest change of an inked pixel's brightness, 0..1. */
const NOISE = 0.07;

/** How one drawing differs from the plain strokes. */
interface Hand {
  /** Height of the digit in pixels, and its width in shares of that. */
  readonly height: number;
  readonly aspect: number;
  /** Shift of the top to the right, in shares of the height. */
  readonly slant: number;
  /** Turn in radians. */
  readonly turn: number;
  /** Shift of the middle in pixels. */
  readonly shift: Point;
  /** Half the width of the pen in pixels. */
  readonly radius: number;
  /** Deviation of each point, in shares of the box. */
  readonly wobble: number;
  /** Largest brightness, 0..1, and how softly it ends in pixels. */
  readonly ink: number;
  readonly softness: number;
}

const sampleHand = (rng: Rng): Hand => ({
  height: rng.uniform(15, 21),
  aspect: rng.uniform(0.7, 1.1),
  slant: 0.12 + 0.17 * rng.normal(),
  turn: 0.1 * rng.normal(),
  shift: [1.2 * rng.normal(), 1.2 * rng.normal()],
  radius: rng.uniform(0.7, 1.9),
  wobble: rng.uniform(0.015, 0.05),
  ink: rng.uniform(0.8, 1),
  softness: rng.uniform(0.8, 1.6),
});

/** A grey image [28, 28] of a digit 0..9 as a hand might write it: white ink on black, 0..255, row by row. */
export function drawDigit(digit: number, rng: Rng): Uint8Array {
  const styles = DIGITS[digit]!;
  const style = styles[rng.integer(0, styles.length - 1)]!;
  const hand = sampleHand(rng);
  const coverage = new Float32Array(DIGIT_SIZE * DIGIT_SIZE);
  for (const stroke of style)
    inkStroke(
      coverage,
      stroke.map((point) => placed(point, hand, rng)),
      hand,
    );
  const pixels = new Uint8Array(coverage.length);
  for (let at = 0; at < pixels.length; at++) {
    if (coverage[at] === 0) continue;
    const brightness = coverage[at]! * hand.ink + rng.uniform(-NOISE, NOISE);
    pixels[at] = Math.round(255 * Math.min(1, Math.max(0, brightness)));
  }
  return pixels;
}

/** A point of the box on the image. */
function placed([x, y]: Point, { height, aspect, slant, turn, shift, wobble }: Hand, rng: Rng): Point {
  const v = (y - 0.5 + wobble * rng.normal()) * height;
  const u = (x - 0.5 + wobble * rng.normal()) * height * aspect - slant * v;
  const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
  return [CENTRE - 0.5 + shift[0] + cos * u - sin * v, CENTRE - 0.5 + shift[1] + sin * u + cos * v];
}

/** Inks the curve through the points: at each pixel the largest coverage counts. */
function inkStroke(coverage: Float32Array, points: Stroke, hand: Hand): void {
  let from = points[0]!;
  for (let span = 0; span + 1 < points.length; span++) {
    const around = [
      points[span - 1] ?? points[span]!,
      points[span]!,
      points[span + 1]!,
      points[span + 2] ?? points[span + 1]!,
    ];
    for (let step = 1; step <= STEPS_PER_SPAN; step++) {
      const to = curvePoint(around, step / STEPS_PER_SPAN);
      inkSegment(coverage, [from, to], hand);
      from = to;
    }
  }
}

/** The point at share t between the second and the third of four points (Catmull & Rom 1974). */
const curvePoint = ([a, b, c, d]: readonly Point[], t: number): Point => [
  spline([a![0], b![0], c![0], d![0]], t),
  spline([a![1], b![1], c![1], d![1]], t),
];

const spline = ([a, b, c, d]: readonly [number, number, number, number], t: number): number =>
  b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)));

/** A row or column within the image. */
const within = (value: number): number => Math.min(DIGIT_SIZE - 1, Math.max(0, value));

function inkSegment(
  coverage: Float32Array,
  [[x0, y0], [x1, y1]]: readonly [Point, Point],
  { radius, softness }: Hand,
): void {
  const reach = radius + softness;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length2 = Math.max(1e-9, dx * dx + dy * dy);
  for (let y = within(Math.floor(Math.min(y0, y1) - reach)); y <= within(Math.ceil(Math.max(y0, y1) + reach)); y++) {
    for (let x = within(Math.floor(Math.min(x0, x1) - reach)); x <= within(Math.ceil(Math.max(x0, x1) + reach)); x++) {
      const share = Math.min(1, Math.max(0, ((x - x0) * dx + (y - y0) * dy) / length2));
      const distance = Math.sqrt((x - x0 - share * dx) ** 2 + (y - y0 - share * dy) ** 2);
      const covered = Math.min(1, Math.max(0, 0.5 + (radius - distance) / softness));
      const at = y * DIGIT_SIZE + x;
      if (coverage[at]! < covered) coverage[at] = covered;
    }
  }
}

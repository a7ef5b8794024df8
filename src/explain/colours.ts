/** Colours for values of 0..1 that look evenly spaced: lightness grows with the value, so that they are told apart in grey too. */

/** Numbers of one colour: lightness, chroma, hue in Oklab's polar form (Ottosson 2020), or red, green, blue. */
type Triple = readonly [number, number, number];

/** Dark violet, by red and orange, to a light yellow: lightness 0..1, chroma, hue in degrees, at equal distances. */
const STOPS: readonly Triple[] = [
  [0.16, 0.06, 290],
  [0.34, 0.16, 312],
  [0.52, 0.19, 358],
  [0.68, 0.18, 398],
  [0.82, 0.16, 434],
  [0.96, 0.1, 464],
];
const LEVELS = 256;
const { cos, sin, PI } = Math;

/** Red, green, blue of a colour in Oklab, 0..255, clipped. */
function toRgb([lightness, chroma, hue]: Triple): Triple {
  const [a, b] = [chroma * cos((hue * PI) / 180), chroma * sin((hue * PI) / 180)];
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

/** A linear light of 0..1 as sRGB's byte. */
function toByte(light: number): number {
  const share = light <= 0.0031308 ? 12.92 * Math.max(0, light) : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, share));
}

function between(share: number): Triple {
  const place = share * (STOPS.length - 1);
  const first = Math.min(STOPS.length - 2, Math.floor(place));
  const [from, to] = [STOPS[first], STOPS[first + 1]];
  if (!from || !to) throw new Error(`no colour at ${share}`);
  const mix = (axis: 0 | 1 | 2): number => from[axis] + (to[axis] - from[axis]) * (place - first);
  return [mix(0), mix(1), mix(2)];
}

/** Red, green and blue of value i/255 at 3·i: [256, 3]. */
export const HEAT_COLOURS: Uint8Array = Uint8Array.from(
  Array.from({ length: LEVELS }, (_, level) => toRgb(between(level / (LEVELS - 1)))).flat(),
);

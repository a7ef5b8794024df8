const CMYK_CHANNELS = 4;

/** RGB from CMYK without a colour profile, as Pillow: value = (255 − k) · (1 − ink), with Pillow's rounding. */
export function cmykToRgb(cmyk: Uint8Array): Uint8Array {
  const rgb = new Uint8Array((cmyk.length / CMYK_CHANNELS) * 3);
  for (let i = 0; i < rgb.length; i++) {
    const pixel = Math.floor(i / 3) * CMYK_CHANNELS;
    const light = 255 - cmyk[pixel + 3]!;
    rgb[i] = Math.max(0, light - divideBy255(cmyk[pixel + (i % 3)]! * light));
  }
  return rgb;
}

/** product / 255, rounded, in integers. */
function divideBy255(product: number): number {
  const shifted = product + 128;
  return ((shifted >> 8) + shifted) >> 8;
}

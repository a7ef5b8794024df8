/**
 * `plain + factor · (value − plain)` in single precision, cut off and clamped to 0..255: Pillow's `Image.blend` of bytes.
 */
export function blendValue(plain: number, value: number, factor: number): number {
  const blended = Math.fround(plain + Math.fround(factor * (value - plain)));
  return blended <= 0 ? 0 : Math.min(255, Math.trunc(blended));
}

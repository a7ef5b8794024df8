/** The nearest integer, halves to the even one: how Python rounds, and with it torchvision's sizes and offsets. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value);
  const half = Math.abs(value % 1) === 0.5;
  return half && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

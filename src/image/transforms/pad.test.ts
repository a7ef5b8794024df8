import { expect, test } from "vitest";
import { fittedSize, letterbox, pad } from "./pad.ts";

test("letterbox keeps the shape and fills the borders with the colour asked for", () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 20, 30, 10, 20, 30) } as const;
  const { width, height, data } = letterbox(4, { fill: [1, 2, 3] })(image, undefined as never);
  const row = (...colour: number[]): number[] => [...colour, ...colour, ...colour, ...colour];
  const [border, inside] = [row(1, 2, 3), row(10, 20, 30)];
  expect([width, height, ...data]).toEqual([4, 4, ...border, ...inside, ...inside, ...border]);
});

test("letterbox has black borders, the wider ones right and below", () => {
  const grey = (width: number, height: number) =>
    ({ width, height, channels: 1, data: new Uint8Array(width * height).fill(9) }) as const;
  const [none, nine] = [
    [0, 0, 0],
    [9, 9, 9],
  ];
  expect([...letterbox(3)(grey(6, 3), undefined as never).data]).toEqual([...nine, ...nine, ...none]);
  expect([...letterbox(4)(grey(1, 4), undefined as never).data]).toEqual(Array(4).fill([0, 9, 0, 0]).flat());
});

test("fittedSize keeps the shape, with sides of at least one pixel", () => {
  expect(fittedSize({ width: 400, height: 100 }, { width: 200, height: 200 })).toEqual({ width: 200, height: 50 });
  expect(fittedSize({ width: 3, height: 2 }, { width: 60, height: 20 })).toEqual({ width: 30, height: 20 });
  expect(fittedSize({ width: 1000, height: 1 }, { width: 10, height: 10 })).toEqual({ width: 10, height: 1 });
});

test("pad puts each side's pixels where it says", () => {
  const image = { width: 1, height: 1, channels: 1, data: Uint8Array.of(5) } as const;
  const { width, height, data } = pad(image, { left: 1, top: 2, right: 3 }, 7);
  expect([width, height, ...data]).toEqual([5, 3, ...Array(10).fill(7), 7, 5, 7, 7, 7]);
  expect([...pad(image, { bottom: 1 }).data]).toEqual([5, 0]);
  expect(pad(image, {})).toBe(image);
});

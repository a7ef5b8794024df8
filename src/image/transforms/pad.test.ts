import { expect, test } from "vitest";
import { letterbox } from "./pad.ts";

test("letterbox keeps the shape and fills the borders with the colour asked for", () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 20, 30, 10, 20, 30) } as const;
  const { width, height, data } = letterbox(4, { fill: [1, 2, 3] })(image, undefined as never);
  const row = (...colour: number[]): number[] => [...colour, ...colour, ...colour, ...colour];
  const [border, inside] = [row(1, 2, 3), row(10, 20, 30)];
  expect([width, height, ...data]).toEqual([4, 4, ...border, ...inside, ...inside, ...border]);
});

import { describe, expect, test } from "vitest";
import { createEmission, type Emission, STANDARD } from "./emitter.ts";
import { interleave, noteRows, padRows, takeRows, walk } from "./rows.ts";

/** The row numbers that a Gather takes, and the tensor [rows, width] that it takes them from. */
function gathered({ nodes, initializers }: Emission, name: string): { source: string; rows: number[] } {
  const node = nodes.find(({ outputs, opType }) => opType === "Gather" && outputs[0] === name);
  const indices = initializers.find((constant) => constant.name === node?.inputs[1]);
  return { source: node?.inputs[0] ?? "", rows: [...new Int32Array(indices?.bytes.slice().buffer ?? [])] };
}

describe("walk", () => {
  test("the last axis is fastest", () => {
    const axes = [
      { size: 2, stride: 10 },
      { size: 3, stride: 1 },
    ];
    expect([...walk(axes)]).toEqual([0, 1, 2, 10, 11, 12]);
    expect([...walk(axes, 5)]).toEqual([5, 6, 7, 15, 16, 17]);
  });

  test("without axes there is one row, with an axis of no steps none", () => {
    expect([...walk([], 4)]).toEqual([4]);
    expect([...walk([{ size: 0, stride: 1 }])]).toEqual([]);
  });

  test("exchanging strides transposes", () => {
    const axes = [
      { size: 3, stride: 1 },
      { size: 2, stride: 3 },
    ];
    expect([...walk(axes)]).toEqual([0, 3, 1, 4, 2, 5]);
  });
});

const transposed = [
  { size: 3, stride: 1 },
  { size: 2, stride: 3 },
];

describe("takeRows", () => {
  test("takes rows of the tensor as [rows, width]", () => {
    const emission = createEmission(STANDARD);
    const rows = takeRows(emission.emitter, "x", { axes: transposed, width: 4 });
    expect(gathered(emission, rows)).toEqual({ source: "Reshape_0", rows: [0, 3, 1, 4, 2, 5] });
    expect(emission.nodes[0]).toMatchObject({ opType: "Reshape", inputs: ["x", expect.any(String)] });
    expect(emission.nodes[1]?.attributes).toEqual({ axis: 0 });
  });

  test("rows of rows are taken from the first tensor, by one Gather", () => {
    const emission = createEmission(STANDARD);
    const { emitter } = emission;
    const once = takeRows(emitter, "x", { axes: transposed, width: 4 });
    const back = [
      { size: 2, stride: 1 },
      { size: 3, stride: 2 },
    ];
    const twice = takeRows(emitter, once, { axes: back, width: 4 });
    expect(gathered(emission, twice)).toEqual({ source: "Reshape_0", rows: [0, 1, 2, 3, 4, 5] });
    const part = takeRows(emitter, once, { axes: [{ size: 2, stride: 2 }], offset: 1, width: 4 });
    expect(gathered(emission, part).rows).toEqual([3, 4]);
  });

  test("the same walk over the same tensor is one node; another walk or tensor is another", () => {
    const { emitter, nodes, initializers } = createEmission(STANDARD);
    const take = (x: string, offset: number) => takeRows(emitter, x, { axes: transposed, offset, width: 4 });
    expect(take("x", 0)).toBe(take("x", 0));
    expect(new Set([take("x", 0), take("x", 1), take("y", 0)]).size).toBe(3);
    expect(nodes.filter(({ opType }) => opType === "Gather")).toHaveLength(3);
    expect(initializers.filter(({ kind }) => kind === "int32")).toHaveLength(2); // "y" is walked as "x" is
  });

  test("what has the rows under another shape is taken from where they are", () => {
    const emission = createEmission(STANDARD);
    const { emitter } = emission;
    noteRows(emitter, "image", takeRows(emitter, "x", { axes: transposed, width: 4 }));
    noteRows(emitter, "other", "nothing that was taken");
    const rows = takeRows(emitter, "image", { axes: [{ size: 3, stride: 2 }], width: 4 });
    expect(gathered(emission, rows)).toEqual({ source: "Reshape_0", rows: [0, 1, 2] });
    expect(emitter.taken.has("other")).toBe(false);
  });
});

describe("interleave", () => {
  test("puts every second pixel where it belongs, images of different sizes and one of zeros", () => {
    const emission = createEmission(STANDARD);
    const parts = ["a", "b", undefined, "d"]; // of 2×2, 2×1, 1×2 and 1×1 pixels in each plane
    const rows = interleave(emission.emitter, { parts, step: [2, 2], planes: 2, size: [3, 3], width: 4 });
    const { source, rows: numbers } = gathered(emission, rows);
    expect(emission.nodes.find(({ outputs }) => outputs[0] === source)?.opType).toBe("Concat");
    expect(numbers).toEqual(
      // biome-ignore format: as two images; a from row 0, b from 8, d from 12, zeros 14
      [
        0, 8, 1,
        14, 12, 14,
        2, 9, 3,

        4, 10, 5,
        14, 13, 14,
        6, 11, 7,
      ],
    );
  });

  test("by steps of another size along each axis, rows of which are padded without a copy", () => {
    const emission = createEmission(STANDARD);
    const { emitter } = emission;
    const rows = interleave(emitter, { parts: ["a", "b", "c"], step: [1, 3], planes: 1, size: [2, 4], width: 4 });
    expect(gathered(emission, rows).rows).toEqual([0, 4, 6, 1, 2, 5, 7, 3]);
    const padded = padRows(emitter, rows, { planes: 1, h: 2, w: 4, padding: [0, 1, 0, 0] }) ?? "";
    expect(gathered(emission, padded).rows).toEqual([8, 0, 4, 6, 1, 8, 2, 5, 7, 3]);
  });
});

describe("padRows", () => {
  const zeroRow = 6;

  test("puts the row of zeros around each plane, wider on one side than on the other", () => {
    const emission = createEmission(STANDARD);
    const { emitter } = emission;
    const rows = takeRows(emitter, "x", { axes: transposed, width: 4, zeroRow });
    const padded = padRows(emitter, rows, { planes: 1, h: 3, w: 2, padding: [1, 2, 0, 1] }) ?? "";
    expect(gathered(emission, padded)).toEqual({
      source: "Reshape_0",
      // biome-ignore format: as an image
      rows: [
        6, 6, 6, 6, 6,
        6, 6, 0, 3, 6,
        6, 6, 1, 4, 6,
        6, 6, 2, 5, 6,
      ],
    });
  });

  test("each plane on its own, and again of what was padded", () => {
    const emission = createEmission(STANDARD);
    const { emitter } = emission;
    const rows = takeRows(emitter, "x", { axes: [{ size: 2, stride: 1 }], width: 4, zeroRow });
    const once = padRows(emitter, rows, { planes: 2, h: 1, w: 1, padding: [0, 1, 0, 0] }) ?? "";
    expect(gathered(emission, once).rows).toEqual([6, 0, 6, 1]);
    const twice = padRows(emitter, once, { planes: 2, h: 1, w: 2, padding: [0, 0, 1, 0] }) ?? "";
    expect(gathered(emission, twice).rows).toEqual([6, 0, 6, 6, 6, 1, 6, 6]);
  });

  test("is not possible where nothing was taken or no row is zero", () => {
    const { emitter } = createEmission(STANDARD);
    const options = { planes: 1, h: 3, w: 2, padding: [1, 1, 1, 1] } as const;
    expect(padRows(emitter, "x", options)).toBeUndefined();
    expect(padRows(emitter, takeRows(emitter, "x", { axes: transposed, width: 4 }), options)).toBeUndefined();
  });
});

import { expect, test } from "vitest";
import { blockProbe, blockSizeOf } from "./blocked.ts";

/** What a runtime with blocks of `size` channels makes of the probe's image, whose element (channel, pixel) is 2·channel + pixel. */
const blockedProbe = (size: number): number[] =>
  Array.from({ length: 32 }, (_, index) => {
    const [block, pixel, channel] = [Math.floor(index / (2 * size)), Math.floor(index / size) % 2, index % size];
    return 2 * (block * size + channel) + pixel;
  });

test.each([8, 16])("blocks of %i channels are found", (size) => {
  expect(blockSizeOf(blockedProbe(size))).toBe(size);
});

test.each([
  ["unchanged", Array.from({ length: 32 }, (_, index) => index)],
  ["in blocks of another size", blockedProbe(4)],
  ["lost", []],
])("an image that comes back %s is no blocked layout", (_, image) => {
  expect(blockSizeOf(image)).toBe(0);
});

test("the probe puts one image of 16 channels into blocks", () => {
  const { nodes, inputs, outputs } = blockProbe();
  expect(nodes).toMatchObject([{ opType: "ReorderInput", domain: "com.microsoft.nchwc", inputs: ["x"] }]);
  expect(inputs).toEqual([{ name: "x", kind: "float32", shape: [1, 16, 1, 2] }]);
  expect(outputs).toMatchObject([{ name: nodes[0]?.outputs[0] }]);
});

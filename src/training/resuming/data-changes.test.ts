import { expect, test } from "vitest";
import { bandData } from "../../../tests/bands.ts";
import type { IdxData } from "../../data/index.ts";
import { dataChanges, photoList } from "./data-changes.ts";

type Photo = readonly [split: "train" | "val", name: string, content: string, label?: number];

/** A data set of which only the list of photos matters. */
function dataOf(...photos: readonly Photo[]): IdxData {
  const listed = photos.map(([split, name, content, label = 0]) => ({
    ...{ split, name, label, size: 1, sha256: content.padEnd(64, "0") },
  }));
  return { ...bandData(), photos: listed } as IdxData;
}

const before: Photo[] = [
  ...(["a", "b", "c", "d"] as const).map((name) => ["train", `${name}.png`, name] as const),
  ...(["y", "z"] as const).map((name) => ["val", `${name}.png`, name] as const),
];
const without = (...names: string[]): Photo[] => before.filter(([, name]) => !names.includes(name));
const changes = (...photos: readonly Photo[]): string => dataChanges(photoList(dataOf(...before)), dataOf(...photos));
const begin = "The photos are not those of before: ";

test.each<[string, Photo[], string]>([
  ["an added one", [...before, ["train", "n.png", "n"]], "1 added (n.png)."],
  ["a removed one", without("b.png"), "1 removed (b.png)."],
  ["one of another content", [...without("y.png"), ["val", "y.png", "other"]], "1 changed (y.png)."],
  ["one of another class", [...without("a.png"), ["train", "a.png", "a", 2]], "1 with another label (a.png)."],
  [
    "a new name: one less, one more",
    [...without("a.png"), ["train", "k.png", "a"]],
    "1 added (k.png), 1 removed (a.png).",
  ],
  [
    "one that is measured no longer",
    [...without("z.png"), ["train", "z.png", "z"]],
    "1 from validation to training (z.png).",
  ],
  [
    "more than five",
    [...before, ...["1", "2", "3", "4", "5", "6", "7"].map((name): Photo => ["train", name, name])],
    "7 added (1, 2, 3, 4, 5 and 2 more).",
  ],
  ["another order", before.toReversed(), "their order or classes differ."],
])("%s", (_, photos, told) => {
  expect(changes(...photos)).toBe(`${begin}${told}`);
});

test("photos that a new division by chance measures though they were trained on are no new ones, and a warning", () => {
  const divided: Photo[] = [
    ...without("c.png", "y.png"),
    ...([
      ["val", "c.png", "c"],
      ["train", "y.png", "y"],
      ["train", "n.png", "n"],
    ] as const),
  ];
  expect(changes(...divided)).toBe(
    `${begin}1 added (n.png), 1 from training to validation (c.png), 1 from validation to training (y.png). ` +
      "Photos that were trained on and are now for validation make the accuracy look too good; folders train and val keep a division.",
  );
});

test("of data that are no photos, or whose list is lost, only that they are others is known", () => {
  for (const text of [undefined, "no list"])
    expect(dataChanges(text, dataOf(...before))).toBe("The data are not those of before: bands.");
  expect(dataChanges(photoList(dataOf(...before)), bandData())).toBe("The data are not those of before: bands.");
});

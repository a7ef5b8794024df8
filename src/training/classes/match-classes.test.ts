import { describe, expect, test } from "vitest";
import { type ClassOrder, type ModelClasses, matchClasses, possibleMatches } from "./match-classes.ts";

const numbered = (count: number): string[] => Array.from({ length: count }, (_, place) => String(place));
const named: ModelClasses = { file: "net.pth", classes: ["ants", "bees", "cat fish"], unnamed: false };
const bare = (count: number): ModelClasses => ({ file: "bare.pth", classes: numbered(count), unnamed: true });
const text = (count: number): string[] => numbered(count).sort();
const outputs = (model: ModelClasses, names: readonly string[], order?: ClassOrder) =>
  possibleMatches(model, names, order).map((match) => match.outputs);

describe("a model that names its classes", () => {
  test("the same names in another order are matched by name, and that is said", () => {
    const match = matchClasses(named, ["cat fish", "ants", "bees"]);
    expect(match.outputs).toEqual([2, 0, 1]);
    expect(match.classes).toEqual(named.classes);
    expect(match.notes.join()).toContain("matched by their names");
  });
  test("data that lack a class", () => {
    expect(matchClasses(named, ["ants", "cat fish"])).toEqual({ outputs: [0, 2], classes: named.classes, notes: [] });
  });
  test("accents composed otherwise are the same name, written as in the data", () => {
    const model = { ...named, classes: ["caf\u00e9", "the"] };
    const { outputs, classes } = matchClasses(model, ["the", "cafe\u0301"]);
    expect(outputs).toEqual([1, 0]);
    expect(classes).toEqual(["cafe\u0301", "the"]);
  });
  test("digits by chance in the order of text", () => {
    const digits = { ...named, classes: text(12) };
    expect(outputs(digits, text(12))).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]]);
    expect(outputs(digits, numbered(12))).toEqual([[0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 2, 3]]);
  });
  test.each([
    [
      ["ants", "wasps"],
      'expected data with the model\'s classes but it has none called "wasps", and the data lack its "bees" and "cat fish".',
      "under the same names",
    ],
    [
      ["wasps", "hornets", "ants", "bees", "cat fish"],
      'but it has none called "wasps" or "hornets".',
      "under the same names",
    ],
    [
      ["Ants", "bees", "cat_fish"],
      'none called "Ants" or "cat_fish"',
      'Rename "Ants" to "ants" and "cat_fish" to "cat fish"',
    ],
    [
      ["0", "1", "2"],
      'none called "0", "1" or "2", and the data lack its "ants", "bees" and "cat fish".',
      "under the same names",
    ],
  ])("%j: refused", (names, message, hint) => {
    expect(() => matchClasses(named, names)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    );
  });
});

describe("a model that only numbers its classes", () => {
  test("other names by their order, as ImageFolder has them, which is said", () => {
    const { outputs, classes, notes } = matchClasses(bare(2), ["ants", "bees"]);
    expect({ outputs, classes }).toEqual({ outputs: [0, 1], classes: ["ants", "bees"] });
    expect(notes).toEqual([
      '"bare.pth" names no classes: its output 0 for "ants", 1 for "bees" are taken, as ImageFolder sorts them.',
    ]);
  });
  test("numbers in their order need no word", () => {
    expect(matchClasses(bare(10), numbered(10))).toMatchObject({ outputs: numbered(10).map(Number), notes: [] });
  });
  test("numbers in the order of text have two orders", () => {
    const byText = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
    const byNumber = [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9];
    expect(outputs(bare(12), text(12))).toEqual([byNumber, byText]);
    expect(outputs(bare(12), text(12), "number")).toEqual([byNumber]);
    expect(outputs(bare(12), text(12), "text")).toEqual([byText]);
    expect(possibleMatches(bare(12), text(12), "text")[0]?.classes).toEqual(text(12));
    expect(possibleMatches(bare(12), text(12), "number")[0]?.classes).toEqual(numbered(12));
    expect(() => matchClasses(bare(12), text(12))).toThrow("expected to know the order of its outputs");
  });
  test("some of the numbers, and numbers with zeros before them", () => {
    expect(outputs(bare(12), ["10", "2"])).toEqual([[10, 2]]);
    expect(outputs(bare(12), ["002", "010"])).toEqual([[2, 10]]);
  });
  test.each([
    [
      numbered(4).slice(1),
      'expected classes called 0 to 2, the numbers of its outputs, but the data have "3"',
      "begin with 0",
    ],
    [["0", "7"], 'but the data have "7"', "that the model was trained on"],
    [["1", "01"], '"01" is the number of another class too', "into one folder"],
    [
      ["ants", "bees"],
      "expected data of 3 classes, which the model tells apart without naming them, but there are 2",
      "trained on",
    ],
  ])("%j: refused", (names, message, hint) => {
    expect(() => possibleMatches(bare(3), names)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(message), hint: expect.stringContaining(hint) }),
    );
  });
  test("names of a run on digits are no numbers only: other data are refused", () => {
    expect(() => matchClasses({ file: "run", classes: numbered(2), unnamed: false }, ["a", "b"])).toThrow(
      "none called",
    );
  });
});

describe("ImageNet", () => {
  // synsets of ILSVRC 2012: 309 bee n02206856, 310 ant n02219486, 134 crane (the bird) n02012849
  test.each([
    [
      ["n02206856", "n02219486"],
      [309, 310],
    ],
    [
      ["ant", "bee", "crane bird"],
      [310, 309, 134],
    ],
    [
      ["309", "310"],
      [309, 310],
    ],
  ])("%j", (names, places) => {
    const match = matchClasses(bare(1000), names);
    expect(match.outputs).toEqual(places);
    expect(places.map((place) => match.classes[place])).toEqual(names);
  });
  test("folders 0 to 999 may be in the order of numbers", () => {
    const [first] = possibleMatches(bare(1000), text(1000));
    expect(first?.order).toBe("number");
    expect(first?.outputs[text(1000).indexOf("310")]).toBe(310);
  });
  test("an identifier that is none of the 1000", () => {
    expect(() => matchClasses(bare(1000), ["n02206856", "n99999999"])).toThrow('but "n99999999" is none of them');
  });
});

import { expect, test } from "vitest";
import { shellWord } from "../data/photos/words.ts";
import { ownCommand } from "./shell.ts";

test.each([
  ["runs/first", "runs/first"],
  ["my photos", "'my photos'"],
  ["it's", "'it'\\''s'"],
  ["a$b", "'a$b'"],
  ["*.jpg", "'*.jpg'"],
  ["", "''"],
])("%s as a word of a shell", (word, quoted) => {
  expect(shellWord(word)).toBe(quoted);
});

test("more options stand before what ends the options", () => {
  expect(ownCommand(["--weights", "none"], ["train", "my photos"])).toBe("ocelli train 'my photos' --weights none");
  expect(ownCommand(["--weights", "none"], ["train", "--epochs=2", "--", "-odd"])).toBe(
    "ocelli train --epochs=2 --weights none -- -odd",
  );
});

import { expect, test } from "vitest";
import { findLibrary } from "./library.ts";

test("a file that is no library is an error that names it and says what to do", () => {
  expect(() => findLibrary("/nowhere/libdnnl.so")).toThrow(
    expect.objectContaining({
      name: "UserError",
      message: expect.stringMatching(/^engine onednn: expected a libdnnl of version 2\.6 .*\/nowhere\/libdnnl\.so/),
      hint: "Set OCELLI_DNNL to the file, or leave it out.",
    }),
  );
});

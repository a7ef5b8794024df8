import { harmless } from "./harmless.ts";

/** Characters of a message: what is longer is cut in the middle, since its beginning says where and its end what came. */
const LONGEST = 2000;
const LAST = 200;

/** One line that can be read, whatever names and values of files are in it. */
function lineOf(text: string): string {
  const cut = text.length <= LONGEST ? text : `${text.slice(0, LONGEST - LAST)} … ${text.slice(-LAST)}`;
  return harmless(cut).replaceAll("\n", "\\n");
}

/**
 * An error that the person at the keyboard can mend: bad file, bad option, no network.
 *
 * `message` says where, what was expected and what came; `hint` says what to do. The command line prints the two as two
 * lines and exits with 1, whatever is in the names that they hold. Everything else that is thrown is a bug and keeps its stack.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly hint: string;

  constructor(message: string, hint: string, options?: { cause?: unknown }) {
    super(lineOf(message), options);
    this.hint = lineOf(hint);
  }
}

/** The text of anything thrown, for wrapping a foreign error in a `UserError`. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

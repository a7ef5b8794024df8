/**
 * An error that the person at the keyboard can mend: bad file, bad option, no network.
 *
 * `message` says where, what was expected and what came; `hint` says what to do. The command line prints the two as two
 * lines and exits with 1. Everything else that is thrown is a bug and keeps its stack.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly hint: string;

  constructor(message: string, hint: string, options?: { cause?: unknown }) {
    super(message, options);
    this.hint = hint;
  }
}

/** The text of anything thrown, for wrapping a foreign error in a `UserError`. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

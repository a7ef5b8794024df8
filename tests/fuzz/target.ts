/** What is fuzzed. */
import { UserError } from "../../src/errors.ts";
import { ApiError } from "../../src/serving/api/errors.ts";

/** A reader. */
export interface Target {
  readonly name: string;
  /** Inputs that it reads, small. */
  readonly seeds: () => readonly Uint8Array[];
  /** Texts that its format knows. */
  readonly words: readonly string[];
  /** Starts what the reader needs, if that takes long. */
  readonly open?: () => Promise<unknown>;
  /** Reads an input. It may refuse it with an error for people; anything else that is thrown is a fault. */
  readonly read: (bytes: Uint8Array) => unknown;
}

/** Whether an error says to people what is wrong. */
export const isRefusal = (error: unknown): boolean => error instanceof UserError || error instanceof ApiError;

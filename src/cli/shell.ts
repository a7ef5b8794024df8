/** Commands as texts that a shell takes back. */
import { shellWord } from "../data/photos/words.ts";

/** The command line of this process with more options, before a `--` that ends them. */
export function ownCommand(more: readonly string[], args: readonly string[] = process.argv.slice(2)): string {
  const end = args.indexOf("--");
  const at = end === -1 ? args.length : end;
  return ["ocelli", ...args.slice(0, at), ...more, ...args.slice(at)].map(shellWord).join(" ");
}

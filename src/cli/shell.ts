/** Commands as texts that a shell takes back. */

/** Characters that no shell reads as anything but themselves. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A word as the shell has to be given it: in single quotes where it holds blanks or signs. */
export const shellWord = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** The command line of this process with more options, before a `--` that ends them. */
export function ownCommand(more: readonly string[], args: readonly string[] = process.argv.slice(2)): string {
  const end = args.indexOf("--");
  const at = end === -1 ? args.length : end;
  return ["ocelli", ...args.slice(0, at), ...more, ...args.slice(at)].map(shellWord).join(" ");
}

/** Which pictures a person means: files, folders, globs, standard input, or a list of these. */
import { readFile, stat } from "node:fs/promises";
import { basename, isAbsolute, join, sep } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import type { PictureSource } from "../training/index.ts";

const STANDARD_INPUT = "-";

/** What the arguments of a command name. */
export interface FoundPictures {
  readonly sources: readonly PictureSource[];
  /** Files below folders that are no pictures by their names, and why. */
  readonly leftOut: readonly { readonly file: string; readonly reason: string }[];
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const fileAt = (file: string): PictureSource => ({ file, open: async () => file });

/** What has an error for its answer. */
const faulty = (file: string, error: UserError): PictureSource => ({
  file,
  open: async () => {
    throw error;
  },
});

/** A picture whose name is not UTF-8: `name` is for people, with `\xe9` for such bytes, which open it. */
const escapedFile = (folder: string, name: string): PictureSource => ({
  file: join(folder, name),
  name: `"${join(folder, name)}"`,
  open: () =>
    readFile(Buffer.concat([Buffer.from(folder + sep), unescaped(name)])).catch((error: unknown) => {
      const message = `"${join(folder, name)}": expected a picture but it cannot be read (${messageOf(error)}).`;
      throw new UserError(message, "Give the file a name in UTF-8.", { cause: error });
    }),
});

const unescaped = (name: string): Buffer =>
  Buffer.concat(
    name
      .split(/(\\x[89a-f][0-9a-f])/)
      .map((part, at) => (at % 2 === 1 ? Buffer.from(part.slice(2), "hex") : Buffer.from(part))),
  );

/** All pictures below a folder, GIF among them, and what is left out. */
async function picturesBelow(folder: string): Promise<FoundPictures> {
  const { findFiles, leftOutReason, NOT_UTF8 } = await import("../data/index.ts");
  const found = await findFiles(folder, "").catch((error: unknown) => {
    if (error instanceof UserError) return error;
    throw error;
  });
  if (found instanceof UserError) return { sources: [faulty(folder, found)], leftOut: [] };
  const gif = found.others.filter((name) => /\.gif$/i.test(name));
  const sources = [...found.photos, ...gif].sort().map((name) => fileAt(join(folder, name)));
  const leftOut: { file: string; reason: string }[] = [];
  for (const name of found.others) {
    const file = join(folder, name);
    const reason = leftOutReason(name);
    if (gif.includes(name)) continue;
    if (reason === NOT_UTF8) sources.push(escapedFile(folder, name));
    else if (name.endsWith("/"))
      sources.push(
        faulty(file, new UserError(`"${file}": expected a folder to look into but it is ${reason}.`, "Rename it.")),
      );
    else leftOut.push({ file, reason });
  }
  if (0 < sources.length) return { sources, leftOut };
  const others =
    leftOut.length === 0 ? "holds none" : `holds none, only other files such as "${basename(leftOut[0]?.file ?? "")}"`;
  const message = `"${folder}": expected pictures but the folder ${others}.`;
  return { sources: [faulty(folder, new UserError(message, "Give another folder, or files."))], leftOut };
}

/**
 * The pictures that the arguments name: files, all pictures below folders, globs, or `-`, the bytes of one picture on
 * standard input. A file that is named is tried whatever its ending; what is no picture is told when its turn comes.
 */
export async function findPictures(args: readonly string[]): Promise<FoundPictures> {
  const { glob } = await import("tinyglobby");
  const found: PictureSource[] = [];
  const leftOut: FoundPictures["leftOut"][number][] = [];
  for (const arg of args) {
    if (arg === STANDARD_INPUT) {
      let bytes: Promise<Uint8Array> | undefined; // it can be read once alone
      const open = () => {
        bytes ??= readStandardInput();
        return bytes;
      };
      found.push({ file: STANDARD_INPUT, name: "standard input", open });
      continue;
    }
    const entry = await stat(arg).catch(() => undefined);
    if (entry?.isDirectory()) {
      const below = await picturesBelow(arg);
      found.push(...below.sources);
      leftOut.push(...below.leftOut);
      continue;
    }
    const isGlob = !entry && /[*?[{]/.test(arg);
    const files = isGlob ? await glob(arg, { expandDirectories: false, absolute: isAbsolute(arg) }) : [];
    found.push(...(files.length === 0 ? [arg] : files.sort()).map(fileAt));
  }
  return { sources: found, leftOut };
}

/** How many left-out files are named. */
const NAMED = 10;

/** Lines on the files that were left out: how many and why, the first of them by name; none if there are none. */
export function leftOutText({ leftOut }: Pick<FoundPictures, "leftOut">): string[] {
  if (leftOut.length === 0) return [];
  const count = leftOut.length === 1 ? "1 file is" : `${leftOut.length.toLocaleString("en-US")} files are`;
  const named = leftOut.slice(0, NAMED).map(({ file, reason }) => `  ${file}: ${reason}`);
  const more = leftOut.length - named.length;
  return [
    `${count} left out (name a file itself to have it tried):`,
    ...named,
    ...(0 < more ? [`  and ${more.toLocaleString("en-US")} more`] : []),
  ];
}

/** The arguments in a text file, one a line; `-` is standard input. Empty lines are passed over. */
export async function readList(path: string): Promise<string[]> {
  const bytes = await (path === STANDARD_INPUT ? readStandardInput() : readFile(path)).catch((error: unknown) => {
    const received = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such file" : messageOf(error);
    const message = `--from-file "${path}": expected a list of pictures but ${received}.`;
    throw new UserError(message, "Give a text file with a picture's path on each line.", { cause: error });
  });
  const lines = new TextDecoder().decode(bytes).split(/\r?\n/);
  return lines.filter((line) => line.trim() !== "");
}

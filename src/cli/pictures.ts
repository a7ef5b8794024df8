/** Which pictures a person means: files, folders, globs, standard input, or a list of these. */
import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import type { PictureSource } from "../training/index.ts";

const STANDARD_INPUT = "-";
/** What is taken for a picture below a folder: all that can be decoded. */
const PICTURES = "**/*.{png,jpg,jpeg,webp,gif,tif,tiff,bmp,ppm,pgm,pbm}";

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

const fileAt = (file: string): PictureSource => ({ file, open: async () => file });

const emptyFolder = (file: string): PictureSource => ({
  file,
  open: async () => {
    throw new UserError(`"${file}": expected pictures but the folder holds none.`, "Give another folder, or files.");
  },
});

/**
 * The pictures that the arguments name: files, all pictures below folders, globs, or `-`, the bytes of one picture on
 * standard input. What is no picture stays as it is, to be told when its turn comes.
 */
export async function findPictures(args: readonly string[]): Promise<PictureSource[]> {
  const { glob } = await import("tinyglobby");
  const found: PictureSource[] = [];
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
      const names = await glob(PICTURES, { cwd: arg, caseSensitiveMatch: false });
      found.push(...(names.length === 0 ? [emptyFolder(arg)] : names.sort().map((name) => fileAt(join(arg, name)))));
      continue;
    }
    const isGlob = !entry && /[*?[{]/.test(arg);
    const files = isGlob ? await glob(arg, { expandDirectories: false, absolute: isAbsolute(arg) }) : [];
    found.push(...(files.length === 0 ? [arg] : files.sort()).map(fileAt));
  }
  return found;
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

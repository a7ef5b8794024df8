/** A model as a static page that classifies pictures in the browser. */
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeError, writeFileAtomic } from "../atomic-file.ts";
import { makeFolder } from "../data/make-folder.ts";
import { UserError } from "../errors.ts";
import { isUnfinished, removeUnfinished } from "../training/index.ts";
import type { ModelCard } from "./card.ts";

/** What the bundler makes of web-export/, in the built package. */
const PAGE_FOLDER = new URL(import.meta.url.endsWith(".ts") ? "../../dist/web-page/" : "../web-page/", import.meta.url);

/** Files of onnxruntime-web by their names in the page: one thread or several, no graphics processor. */
const RUNTIME: Readonly<Record<string, string>> = {
  "ort.js": "ort.wasm.bundle.min.mjs",
  "ort.wasm": "ort-wasm-simd-threaded.wasm",
};

/** The folder of onnxruntime-web's files; without the package a `UserError`. `resolve` finds its main file. */
export function runtimeFolder(resolve: (name: string) => string = import.meta.resolve): string {
  try {
    return fileURLToPath(new URL(".", resolve("onnxruntime-web")));
  } catch (error) {
    throw new UserError(
      "--to web: expected the package onnxruntime-web to be installed but it is missing.",
      "Run: npm install onnxruntime-web@1.30.0",
      { cause: error },
    );
  }
}

/** What stands in the folder beside the page's files, in the order of writing: onnxruntime-web, the model and its card. */
const MODEL_FILES: readonly string[] = ["ort", "model.onnx", "model.json"];

/** Throws a `UserError` unless the folder is new, empty, or holds a page that was exported before, also one that was broken off. */
export async function checkWebFolder(folder: string): Promise<void> {
  runtimeFolder();
  const pages = await readdir(PAGE_FOLDER).catch((error: unknown) => {
    const message = "--to web: expected the page in dist/web-page but this build of ocelli has none.";
    throw new UserError(message, "Run: npm run build", { cause: error });
  });
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw writeError(folder, error);
  });
  const isPage = MODEL_FILES.every((name) => entries.includes(name));
  const isOurs = (name: string): boolean =>
    name !== "index.html" && (pages.includes(name) || MODEL_FILES.includes(name) || isUnfinished(name));
  const isBegun = entries.includes("ort") && entries.every(isOurs); // its writing was broken off
  if (entries.length === 0 || isPage || isBegun) return;
  throw new UserError(
    `"${folder}": expected a new or empty folder for the page but it holds "${entries[0]}".`,
    "Choose another --out.",
  );
}

/**
 * Writes the page with its model. `index.html` goes first and comes last, so a page is there whole or not at all. Returns the size
 * of all files in bytes.
 */
export async function writeWeb(
  folder: string,
  { bytes, card }: { bytes: Uint8Array; card: ModelCard },
): Promise<number> {
  const files = new Map<string, Uint8Array>();
  for (const [name, original] of Object.entries(RUNTIME))
    files.set(`ort/${name}`, await readFile(join(runtimeFolder(), original)));
  files.set("model.onnx", bytes);
  files.set("model.json", Buffer.from(`${JSON.stringify(card, null, 2)}\n`));
  const pages = (await readdir(PAGE_FOLDER)).sort((a, b) => Number(a === "index.html") - Number(b === "index.html"));
  for (const name of pages) files.set(name, await readFile(new URL(name, PAGE_FOLDER)));
  const topmost = await makeFolder(join(folder, "ort")).catch((error: unknown) => {
    throw writeError(folder, error);
  });
  try {
    for (const place of [folder, join(folder, "ort")]) await removeUnfinished(place);
    await rm(join(folder, "index.html"), { force: true });
    for (const [name, content] of files) await writeFileAtomic(join(folder, name), content);
  } catch (error) {
    if (topmost !== undefined) await rm(topmost, { recursive: true, force: true }); // all in it is our own
    throw error;
  }
  return [...files.values()].reduce((sum, { length }) => sum + length, 0);
}

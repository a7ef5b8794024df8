/**
 * The font of our pictures, so that they look the same on every machine, also on one that has no fonts at all.
 *
 * Text in SVG is drawn by librsvg, which asks fontconfig for fonts. Our package brings Inter as WOFF files, which
 * fontconfig cannot read: they are unpacked once into the cache folder, beside a `fonts.conf` that names that folder.
 */
import { createHash } from "node:crypto";
import { rmSync } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { writeFileAtomic } from "../atomic-file.ts";
import { cacheFolder, tellCacheNote } from "../cache/index.ts";
import { reserveEnvironment } from "../environment.ts";
import { harmless } from "../harmless.ts";
import { lookup } from "../lookup.ts";
import { woffToTrueType } from "./woff.ts";

/** The family that text in SVG should ask for. */
export const FONT_FAMILY = "Inter";
/** The weights that are there: normal and semi-bold. */
const WEIGHTS = [400, 600] as const;
const SCRIPTS = ["latin", "latin-ext", "greek", "cyrillic", "vietnamese"] as const;
const FONT_NAMES = SCRIPTS.flatMap((script) => WEIGHTS.map((weight) => `inter-${script}-${weight}-normal`));
/** Part of the folder's name: raised whenever what is written there changes. */
const FORMAT = 2;
/** The file beside the fonts that holds the SHA-256 of each. */
const HASHES = "sha256.json";
/** Where systems keep their fonts, for the writing systems that Inter lacks (Chinese, Arabic, …). */
const SYSTEM_FOLDERS = [
  "/usr/share/fonts",
  "/usr/local/share/fonts",
  "/System/Library/Fonts",
  "/Library/Fonts",
  "C:\\Windows\\Fonts",
] as const;

// when this module is loaded no picture has been drawn, so libvips has no threads yet
reserveEnvironment();

let ready: Promise<void> | undefined;

/**
 * Makes Inter known to fontconfig, in this process. It must end before the first text is drawn, since fontconfig reads
 * its configuration once; and it must begin in the main thread, since a worker's `process.env` is only a copy.
 */
export function prepareFonts(): Promise<void> {
  ready ??= fontFolder().then((folder) => {
    process.env.FONTCONFIG_PATH = folder;
    process.env.FONTCONFIG_FILE = join(folder, "fonts.conf");
  });
  return ready;
}

/** The folder of the unpacked fonts, made if it is not there; where the cache cannot be written, one for this process. */
async function fontFolder(): Promise<string> {
  return unpackInto(cacheFolder()).catch(async () => {
    const temporary = await mkdtemp(join(tmpdir(), "ocelli-fonts-"));
    process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
    return unpackInto(temporary);
  });
}

/** Unpacks the fonts below `cache` unless they are there already; those that are damaged, anew. Appears whole or not at all. */
export async function unpackInto(cache: string): Promise<string> {
  const source = createRequire(import.meta.url).resolve("@fontsource/inter/package.json");
  const { version } = JSON.parse(await readFile(source, "utf8")) as { version: string };
  const folder = join(cache, `fonts-inter-${version}-${FORMAT}`);
  const woffs = join(dirname(source), "files");
  if (!(await exists(folder))) await fillFolder(folder, woffs);
  else if (!(await isIntact(folder))) {
    tellCacheNote(`"${folder}": these unpacked fonts are damaged; they are unpacked again.`);
    for (const [name, content] of await unpackedFonts(woffs)) await writeFileAtomic(join(folder, name), content);
  }
  await writeIfOther(join(folder, "fonts.conf"), fontsConf(folder));
  return folder;
}

/** Writes the file unless it holds this text already, as it does unless the cache was moved. */
async function writeIfOther(path: string, text: string): Promise<void> {
  if ((await readFile(path, "utf8").catch(() => "")) !== text) await writeFileAtomic(path, text);
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const sha256Of = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** The fonts by the names of their files, and last the file of their hashes. */
async function unpackedFonts(woffs: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of FONT_NAMES) files.set(`${name}.ttf`, woffToTrueType(await readFile(join(woffs, `${name}.woff`))));
  const hashes = Object.fromEntries([...files].map(([name, content]) => [name, sha256Of(content)]));
  return files.set(HASHES, new TextEncoder().encode(JSON.stringify(hashes)));
}

/** Whether all fonts are there with the bytes that were written. */
async function isIntact(folder: string): Promise<boolean> {
  try {
    const hashes = JSON.parse(await readFile(join(folder, HASHES), "utf8")) as Record<string, unknown>;
    const files = FONT_NAMES.map((name) => `${name}.ttf`);
    const found = await Promise.all(files.map(async (name) => sha256Of(await readFile(join(folder, name)))));
    return files.every((name, index) => lookup(hashes, name) === found[index]);
  } catch {
    return false;
  }
}

/** Writes the fonts to a folder beside `folder`, which then takes its name; the first of two processes wins. */
async function fillFolder(folder: string, woffs: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  for (const [name, content] of await unpackedFonts(woffs)) await writeFile(join(fresh, name), content);
  await rename(fresh, folder).catch(async (error) => {
    await rm(fresh, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  });
}

/**
 * fontconfig's configuration: our fonts first, then the system's, and nothing of the system's own rules. The semi-bold
 * files call themselves a family of their own, which `font-weight` would never find.
 */
function fontsConf(folder: string): string {
  const folders = [folder, ...SYSTEM_FOLDERS.filter(isAbsolute)].map((path) => `  <dir>${escapeXml(path)}</dir>`);
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
${folders.join("\n")}
  <cachedir>${escapeXml(join(folder, "cache"))}</cachedir>
  <match target="scan">
    <test name="family"><string>${FONT_FAMILY} SemiBold</string></test>
    <edit name="family" mode="assign"><string>${FONT_FAMILY}</string></edit>
  </match>
  <match target="pattern">
    <edit name="family" mode="append_last"><string>${FONT_FAMILY}</string></edit>
  </match>
</fontconfig>
`;
}

const XML_ENTITIES: Readonly<Record<string, string>> = { "<": "&lt;", ">": "&gt;", "&": "&amp;", '"': "&quot;" };

/** Text as it stands in XML, in an element or between double quotes; what XML bars or steers a reader is written out. */
export const escapeXml = (text: string): string =>
  harmless(text)
    .replace(/[\ufffe\uffff]/g, "")
    .replace(/[<>&"]/g, (c) => lookup(XML_ENTITIES, c) ?? c);

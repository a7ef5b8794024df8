/**
 * The font of our pictures, so that they look the same on every machine, also on one that has no fonts at all.
 *
 * Text in SVG is drawn by librsvg, which asks fontconfig for fonts. Our package brings Inter as WOFF files, which
 * fontconfig cannot read: they are unpacked once into the cache folder, beside a `fonts.conf` that names that folder.
 */
import { rmSync } from "node:fs";
import { access, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import envPaths from "env-paths";
import { writeFileAtomic } from "../atomic-file.ts";
import { reserveEnvironment } from "../environment.ts";
import { woffToTrueType } from "./woff.ts";

/** The family that text in SVG should ask for. */
export const FONT_FAMILY = "Inter";
/** The weights that are there: normal and semi-bold. */
const WEIGHTS = [400, 600] as const;
const SCRIPTS = ["latin", "latin-ext", "greek", "cyrillic", "vietnamese"] as const;
/** Part of the folder's name: raised whenever what is written there changes. */
const FORMAT = 1;
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
  const cache = process.env.OCELLI_CACHE || envPaths("ocelli", { suffix: "" }).cache;
  return unpackInto(cache).catch(async () => {
    const temporary = await mkdtemp(join(tmpdir(), "ocelli-fonts-"));
    process.once("exit", () => rmSync(temporary, { recursive: true, force: true }));
    return unpackInto(temporary);
  });
}

/** Unpacks the fonts below `cache` unless they are there already. Appears whole or not at all. */
async function unpackInto(cache: string): Promise<string> {
  const source = createRequire(import.meta.url).resolve("@fontsource/inter/package.json");
  const { version } = JSON.parse(await readFile(source, "utf8")) as { version: string };
  const folder = join(cache, `fonts-inter-${version}-${FORMAT}`);
  if (!(await exists(folder))) await fillFolder(folder, join(dirname(source), "files"));
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

/** Writes the fonts to a folder beside `folder`, which then takes its name; the first of two processes wins. */
async function fillFolder(folder: string, woffs: string): Promise<void> {
  await mkdir(dirname(folder), { recursive: true });
  const fresh = await mkdtemp(`${folder}-`);
  const names = SCRIPTS.flatMap((script) => WEIGHTS.map((weight) => `inter-${script}-${weight}-normal`));
  await Promise.all(
    names.map(async (name) => {
      const woff = await readFile(join(woffs, `${name}.woff`));
      await writeFile(join(fresh, `${name}.ttf`), woffToTrueType(woff));
    }),
  );
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

/** Text as it stands in XML, in an element or between double quotes; control characters, which XML bars, are dropped. */
export const escapeXml = (text: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that XML 1.0 does not allow
  text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "").replace(/[<>&"]/g, (c) => XML_ENTITIES[c]!);

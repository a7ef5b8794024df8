/** The corpus of pictures in Chromium: what the exported page decodes is what Node decodes, or an error. */
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { expect, test } from "vitest";
import { decodeImage } from "../../src/image/index.ts";
import { hasChromium, openBrowser, openPage } from "../chromium.ts";
import { CORPUS, digest } from "../parity/picture-corpus.ts";

/** Both leave the colours of AVIF to libraries that enlarge chroma in ways of their own. */
const INTENDED = /AVIF/;
/** How many pictures the page decodes at least: TIFF, CMYK and 16 bits are refused. */
const DECODED = 531;

/** The page's own code as one script that sets `pictures`. */
async function script(): Promise<string> {
  const entry = fileURLToPath(new URL("../../web-export/pixels.ts", import.meta.url));
  const lib = { entry, formats: ["iife" as const], name: "pictures" };
  const built = await build({ configFile: false, logLevel: "error", build: { write: false, lib } });
  const [{ output }] = built as unknown as [{ output: [{ code: string }] }];
  return output[0].code;
}

/** Decodes files in base64; for each its size and pixels in base64, or null. A text, since types here know no page. */
const DECODE = `async (files) => {
  const input = { kind: "photos", resize: 8, crop: 8, interpolation: "bilinear", exif: true };
  const answers = [];
  for (const file of files) {
    const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
    const image = await pictures.decode(new Blob([bytes]), input).catch(() => null);
    answers.push(image && { width: image.width, height: image.height, data: btoa(String.fromCharCode(...image.data)) });
  }
  return answers;
}`;

interface Found {
  readonly width: number;
  readonly height: number;
  readonly data: string;
}

test.runIf(hasChromium)("the page decodes each picture as Node, or not at all", async () => {
  const browser = await openBrowser();
  try {
    const page = await openPage(browser);
    await page.addScriptTag({ content: await script() });
    const files = JSON.stringify(CORPUS.map(({ file }) => file));
    const found: (Found | null)[] = await page.evaluate(`(${DECODE})(${files})`);
    const differences: string[] = [];
    for (const [index, { name, file }] of CORPUS.entries()) {
      const own = found[index];
      if (!own || INTENDED.test(name)) continue;
      const image = await decodeImage(Buffer.from(file, "base64")).catch(() => undefined);
      const same = image && image.width === own.width && digest(image.data) === digest(Buffer.from(own.data, "base64"));
      if (!same) differences.push(`${name}: ${image ? "other pixels" : "an error in Node"}`);
    }
    expect(differences).toEqual([]);
    expect(found.filter((one) => one !== null).length).toBeGreaterThanOrEqual(DECODED);
  } finally {
    await browser.close();
  }
});

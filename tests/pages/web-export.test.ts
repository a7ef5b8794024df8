/** The exported page in Chromium: it answers as `ocelli predict`, says what is wrong, and asks no other host. */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runtimeFolder } from "../../src/export/web.ts";
import { encodePng } from "../../src/image/index.ts";
import { wavyPng, writeTree } from "../../src/testing/photo-folders.ts";
import { bandImages, writeBandFolder } from "../bands.ts";
import { hasChromium, openBrowser, openPage } from "../chromium.ts";
import { emptyFolder, failingIn, ocelli } from "../cli/ocelli.ts";
import { type StaticServer, serveFolder } from "./static-server.ts";

const DATA = process.env.OCELLI_DATA;
const PHOTOS = DATA ? join(DATA, "hymenoptera_data/val") : "";
const WEIGHTS = DATA ? join(DATA, "weights/squeezenet1_1-627df0e7.pth") : "";
const hasPhotos = DATA !== undefined && existsSync(PHOTOS) && existsSync(WEIGHTS);
/** Every so many photos are compared here; with OCELLI_EVERY=1 all 153. */
const EVERY = Number(process.env.OCELLI_EVERY ?? 16);

const cwd = emptyFolder();
const SIZE = 28;
const COUNT = 4;
let browser: Browser;

const picture = (index: number): string => join(cwd, `pictures/${index}.png`);

beforeAll(async () => {
  if (!hasChromium) return;
  browser = await openBrowser();
  writeBandFolder(join(cwd, "bands"));
  const { images } = bandImages(COUNT);
  mkdirSync(join(cwd, "pictures"));
  for (let index = 0; index < COUNT; index++) {
    const data = images.slice(index * SIZE * SIZE, (index + 1) * SIZE * SIZE);
    writeFileSync(picture(index), await encodePng({ width: SIZE, height: SIZE, channels: 1, data }));
  }
  const large = new Uint8Array(60 * 40 * 3).map((_, at) => (at * 31) % 256);
  writeFileSync(join(cwd, "large.png"), await encodePng({ width: 60, height: 40, channels: 3, data: large }));
  writeFileSync(join(cwd, "text.png"), "no picture");
  run("train", "bands", "--out", "run", "--batch-size", "8", "--lr", "0.01", "--engine", "onnx");
  run("export", "run", "--to", "web", "--out", "page");
});
afterAll(async () => {
  await browser?.close();
  rmSync(cwd, { recursive: true, force: true });
});

/** A photo that EXIF turns, one with a colour profile, and colours of which hardly anything is seen. */
async function unusualPictures(): Promise<string[]> {
  const plain = (): Sharp => sharp(readFileSync(picture(1)));
  const made: Readonly<Record<string, Sharp>> = {
    "turned.jpg": plain().withMetadata({ orientation: 6 }).jpeg(),
    "wide-colours.jpg": plain().toColourspace("srgb").withIccProfile("p3").jpeg(),
    "faint.png": plain().toColourspace("srgb").ensureAlpha(0.02).png(),
    "lossy.webp": plain().webp(),
  };
  const files = Object.entries(made).map(async ([name, image]) => {
    const file = join(cwd, name);
    writeFileSync(file, await image.toBuffer());
    return file;
  });
  return Promise.all(files);
}

function run(...args: string[]): string {
  const { status, stdout, stderr } = ocelli(cwd, args);
  expect(status, stderr).toBe(0);
  return stdout;
}

interface Predicted {
  readonly file: string;
  readonly top: readonly { readonly class: string; readonly probability: number }[];
}

const predicted = (model: string[], files: readonly string[]): Predicted[] =>
  run("predict", ...model, ...files, "--json", "--top", "5")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** A page of an exported folder, and everything that went wrong on it. */
interface Opened {
  readonly page: Page;
  readonly faults: string[];
  readonly hosts: Set<string>;
}

/** Opens the page in `folder` for the time of `use`. */
async function onPage(
  folder: string,
  use: (opened: Opened) => Promise<void>,
  { browser: own = browser, ...options }: BrowserContextOptions & { browser?: Browser } = {},
): Promise<void> {
  const server: StaticServer = await serveFolder(resolve(cwd, folder));
  const page = await openPage(own, options);
  const [faults, hosts]: [string[], Set<string>] = [[], new Set()];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  page.context().on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== "data:" && protocol !== "blob:") hosts.add(host);
  });
  try {
    await page.goto(server.url);
    await use({ page, faults, hosts });
    expect([...hosts]).toEqual([new URL(server.url).host]);
  } finally {
    await page.close();
    await server.close();
  }
}

/** The classes that the page shows for the picture of that name, once it does. */
async function shown(page: Page, name: string): Promise<{ class: string; probability: number }[]> {
  await page.locator("#name").getByText(name, { exact: true }).waitFor();
  await page
    .locator("#status")
    .getByText(/, \d+\.\d %$/)
    .waitFor();
  const rows = await page.locator("#classes li").all();
  return Promise.all(
    rows.map(async (row) => ({
      class: (await row.locator(".class").textContent()) ?? "",
      probability: Number(await row.getAttribute("data-probability")),
    })),
  );
}

/** Drops or pastes a file; the types of this folder know no document, so it is a text. */
const giving = (kind: "drop" | "paste", file: string): string => `{
  const transfer = new DataTransfer();
  const bytes = Uint8Array.from(${JSON.stringify([...readFileSync(file)])});
  transfer.items.add(new File([bytes], "${kind}.png", { type: "image/png" }));
  const options = { bubbles: true, cancelable: true, dataTransfer: transfer, clipboardData: transfer };
  document.body.dispatchEvent(new ${kind === "drop" ? "DragEvent" : "ClipboardEvent"}("${kind}", options));
}`;

/** The page's classes are those of `ocelli predict`, probabilities within 1e-3; the largest difference. */
function expectSame(found: readonly { class: string; probability: number }[], { file, top }: Predicted): number {
  expect(found[0]?.class, file).toBe(top[0]?.class);
  const differences = top.map(({ class: name, probability }) => {
    const own = found.find((entry) => entry.class === name);
    return Math.abs((own?.probability ?? Number.NaN) - probability);
  });
  const compared = differences.filter((difference) => !Number.isNaN(difference)); // two of them may have changed places
  expect(compared.length, file).toBeGreaterThanOrEqual(Math.min(top.length, 4));
  expect(Math.max(...compared), file).toBeLessThan(1e-3);
  return Math.max(...compared);
}

describe.runIf(hasChromium)("the page", () => {
  test("answers drawn pictures as ocelli predict, without a fault, from one host", async () => {
    const files = [...Array.from({ length: COUNT }, (_, index) => picture(index)), ...(await unusualPictures())];
    const expected = predicted(["run"], files);
    await onPage("page", async ({ page, faults }) => {
      for (const [index, file] of files.entries()) {
        await page.setInputFiles("#file", file);
        expectSame(await shown(page, basename(file)), expected[index] as Predicted);
      }
      expect(await page.title()).toBe("Image classifier: 0, 1, 2");
      expect(await page.textContent("h1")).toBe("0, 1 or 2?");
      expect(await page.textContent("#facts")).toMatch(
        /mnist-cnn, fp32.*40 pictures.*of 15 pictures.*trained from scratch/,
      );
      expect(faults).toEqual([]);
    });
  });

  /** Compares the page in `folder` with `ocelli predict`; the largest difference. */
  async function comparePhotos(folder: string, model: string[], files: readonly string[]): Promise<number> {
    const expected = predicted(model, files);
    let largest = 0;
    await onPage(folder, async ({ page, faults }) => {
      for (const answer of expected) {
        await page.setInputFiles("#file", answer.file);
        largest = Math.max(largest, expectSame(await shown(page, basename(answer.file)), answer));
      }
      expect(faults).toEqual([]);
    });
    return largest;
  }

  test("answers pictures of any size as ocelli predict", async () => {
    const tree: Record<string, Uint8Array> = {};
    for (const [index, split] of ["train", "train", "val"].entries())
      for (const name of ["a", "b"]) tree[`waves/${split}/${name}/${index}.png`] = await wavyPng(index);
    const sizes = { wide: [300, 90], tall: [50, 400], small: [20, 30], square: [64, 64] } as const;
    for (const [name, [width, height]] of Object.entries(sizes))
      tree[`shapes/${name}.jpg`] = await sharp(await wavyPng(width, { width, height }))
        .jpeg()
        .toBuffer();
    const { root, remove } = await writeTree(tree);
    try {
      const [model, page] = [join(root, "run"), join(root, "page")];
      const small = [
        "--model",
        "squeezenet1_1",
        "--weights",
        "none",
        "--size",
        "64",
        "--batch-size",
        "2",
        "--max-steps",
        "1",
        "--workers",
        "0",
      ];
      run("train", join(root, "waves"), "--out", model, ...small);
      run("export", model, "--to", "web", "--out", page);
      await comparePhotos(
        page,
        [model],
        Object.keys(sizes).map((name) => join(root, `shapes/${name}.jpg`)),
      );
    } finally {
      await remove();
    }
  });

  test.runIf(hasPhotos)("answers photos of ants and bees as ocelli predict", async () => {
    run("export", WEIGHTS, "--model", "squeezenet1_1", "--to", "web", "--out", "photos");
    const all = ["ants", "bees"].flatMap((name) =>
      readdirSync(join(PHOTOS, name)).map((file) => join(PHOTOS, name, file)),
    );
    const files = all.filter((_, index) => index % EVERY === 0);
    const largest = await comparePhotos("photos", [WEIGHTS, "--model", "squeezenet1_1"], files);
    if (process.env.OCELLI_EVERY) console.info(`${files.length} photos, largest difference ${largest}`);
  });

  test("pictures are dropped and pasted; one of another size is brought to the model's", async () => {
    await onPage("page", async ({ page, faults }) => {
      await page.evaluate(giving("drop", picture(1)));
      expect((await shown(page, "drop.png"))[0]?.class).toBe(predicted(["run"], [picture(1)])[0]?.top[0]?.class);
      expect(await page.textContent("#note")).toMatch(/what the network saw of 28×28 pixels/);
      await page.evaluate(giving("paste", join(cwd, "large.png")));
      expect(await shown(page, "paste.png")).toHaveLength(3);
      expect(await page.textContent("#note")).toMatch(/takes pictures of 28×28 pixels: the middle of this one, 60×40,/);
      expect(faults).toEqual([]);
    });
  });

  test("what is no picture is told with what to do, and the next picture is answered", async () => {
    await onPage("page", async ({ page, faults }) => {
      await page.setInputFiles("#file", join(cwd, "text.png"));
      await page.waitForSelector("#problem:not([hidden])");
      expect(await page.textContent("#message")).toBe("This browser cannot open the file as a picture.");
      expect(await page.textContent("#hint")).toMatch(/^Take a JPEG, PNG or WebP file\./);
      expect(await page.isVisible("#drop")).toBe(true);
      await page.setInputFiles("#file", picture(0));
      expect(await shown(page, "0.png")).toHaveLength(3);
      expect(await page.isVisible("#problem")).toBe(false);
      expect(faults).toEqual([]);
    });
  });

  test("files that are missing on the server are named", async () => {
    for (const name of ["model.onnx", "ort/ort.js"]) {
      const folder = `without-${name.replace("/", "-")}`;
      cpSync(join(cwd, "page"), join(cwd, folder), { recursive: true });
      rmSync(join(cwd, folder, name));
      await onPage(folder, async ({ page }) => {
        await page.waitForSelector("#problem:not([hidden])");
        expect(await page.textContent("#message")).toMatch(new RegExp(`^${name} could not be loaded`));
        expect(await page.textContent("#hint")).toMatch(/^Put all files of the export on the server/);
        expect(await page.textContent("#status")).toBe("The model could not be loaded");
      });
    }
  });

  test("the camera's frames are answered until Esc stops it", async () => {
    const withCamera = await openBrowser(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
    const use = async ({ page, faults }: Opened): Promise<void> => {
      await page.click("#camera");
      expect(await shown(page, "The camera is on. Esc stops it.")).toHaveLength(3);
      await page.keyboard.press("Escape");
      expect(await page.textContent("#camera")).toBe("Use the camera");
      expect(await page.isVisible("#drop")).toBe(true);
      expect(faults).toEqual([]);
    };
    await onPage("page", use, { browser: withCamera }).finally(() => withCamera.close());
  });

  test("without a camera it is told; the keyboard reaches everything", async () => {
    await onPage("page", async ({ page }) => {
      await page
        .locator("#status")
        .getByText(/^Ready/)
        .waitFor();
      await page.keyboard.press("Tab");
      expect(await page.locator("#file:focus").count()).toBe(1);
      await page.keyboard.press("Tab");
      expect(await page.locator("#camera:focus").count()).toBe(1);
      await page.keyboard.press("Enter");
      await page.waitForSelector("#problem:not([hidden])");
      expect(await page.textContent("#problem")).toMatch(/camera/);
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      expect(await page.isVisible("#facts")).toBe(true);
    });
  });

  test.each(["light", "dark"] as const)(
    "axe finds nothing, and nothing is wider than a phone: %s",
    async (colorScheme) => {
      const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
      const viewport = { width: 390, height: 844 };
      await onPage(
        "page",
        async ({ page }) => {
          const check = async (): Promise<unknown> => {
            await page.evaluate(axe);
            return page.evaluate(
              "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))",
            );
          };
          expect(await check()).toEqual([]);
          await page.setInputFiles("#file", picture(0));
          await shown(page, "0.png");
          await page.click("summary");
          expect(await check()).toEqual([]);
          expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(390);
        },
        { colorScheme, viewport },
      );
    },
  );
});

test("a folder with other things in it is refused; a page that was exported before is replaced", () => {
  const folder = emptyFolder();
  writeBandFolder(join(folder, "bands"));
  writeFileSync(join(folder, "bands/notes.txt"), "mine");
  const { error, hint } = failingIn(folder, ["export", resolve("nowhere"), "--to", "web", "--out", "bands"], 1);
  expect(error).toMatch(/^"bands": expected a new or empty folder for the page but it holds "/);
  expect(hint).toBe("Choose another --out.");
  rmSync(folder, { recursive: true });
});

test("without onnxruntime-web it is told how to get it", () => {
  const missing = (name: string): never => {
    throw new Error(`Cannot find package '${name}'`);
  };
  expect(() => runtimeFolder(missing)).toThrow(
    /expected the package onnxruntime-web to be installed but it is missing\.$/,
  );
});

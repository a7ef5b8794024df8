/** `report.html` of real runs, in a browser: what it shows, and that it asks for nothing. */
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type FileTree, writeTree } from "../../src/testing/photo-folders.ts";
import { writeBandFolder } from "../bands.ts";
import { hasChromium, openBrowser, openPage } from "../chromium.ts";
import { emptyFolder, failingIn, interrupted, ocelli, ocelliJson } from "../cli/ocelli.ts";
import { seriousFindings } from "./findings.ts";

const cwd = emptyFolder();
const LARGEST = 3e6;
const UNFINISHED = "This run is not at its end";
let browser: Browser | undefined;
let removePhotos: (() => Promise<void>) | undefined;

/** A folder of three small photos of each of two classes, for training and for validation. */
const photoTree = (): FileTree =>
  Object.fromEntries(
    ["train", "val"].flatMap((split, part) =>
      ["<b>ants", "bees & co"].flatMap((name, label) =>
        [0, 1, 2].map((number) => [`${split}/${name}/${number}.png`, 20 * part + 10 * label + number]),
      ),
    ),
  );

beforeAll(async () => {
  browser = hasChromium ? await openBrowser() : undefined;
  ocelliJson(cwd, ["train", "digits", "--out", "digits", "--max-steps", "60", "--epochs", "1", "--eval-every", "30"]);
  const photos = await writeTree(photoTree());
  removePhotos = photos.remove;
  const model = ["--model", "squeezenet1_1", "--weights", "none", "--size", "64", "--epochs", "4", "--workers", "0"];
  ocelliJson(cwd, ["train", photos.root, "--out", "photos", ...model]);
});

afterAll(async () => {
  await browser?.close();
  await removePhotos?.();
  rmSync(cwd, { recursive: true, force: true });
});

interface Look {
  readonly width: number;
  readonly colorScheme: "light" | "dark";
}

/** Opens a run's report, fails if it complains or asks for anything, and gives it to `check`. */
async function looking(run: string, look: Look, check: (page: Page) => Promise<void>): Promise<void> {
  if (!browser) throw new Error("no browser");
  const { width, colorScheme } = look;
  const page = await openPage(browser, { viewport: { width, height: 900 }, colorScheme });
  const complaints: string[] = [];
  page.on("console", (message) => complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  const url = pathToFileURL(join(cwd, run, "report.html")).href;
  page.on("request", (request) => {
    if (request.url() !== url && !request.url().startsWith("data:")) complaints.push(`asks for ${request.url()}`);
  });
  await page.goto(url);
  await check(page);
  expect(complaints).toEqual([]);
  await page.close();
}

const LOOKS: readonly Look[] = [390, 1440].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })),
);

describe.runIf(hasChromium).each(["digits", "photos"])("the report of %s", (run) => {
  test.each(LOOKS)(
    "at $width pixels, $colorScheme: asks for nothing, fits, axe finds nothing serious",
    async (look) => {
      await looking(run, look, async (page) => {
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(look.width);
        const broken = "[...document.images].filter((image) => image.complete && image.naturalWidth === 0).length";
        expect(await page.evaluate(broken)).toBe(0);
        expect(await seriousFindings(page)).toEqual([]);
        const folder = process.env.OCELLI_SCREENSHOTS;
        const path = folder && join(folder, `report-${run}-${look.width}-${look.colorScheme}.png`);
        expect((await page.screenshot({ fullPage: true, path })).length).toBeGreaterThan(20_000);
      });
    },
  );

  test("has all sections, reached by its links", async () => {
    await looking(run, { width: 1440, colorScheme: "light" }, async (page) => {
      const titles = await page.locator("h2").allTextContents();
      expect(titles).toEqual([
        ...["Training", "Confusion matrix", "Classes", "Calibration", "Worst mistakes", "Samples"],
        ...["Data", "Settings", "Facts"],
      ]);
      for (const link of await page.locator("nav a").all()) {
        const target = await link.getAttribute("href");
        expect(await page.locator(target ?? "").count()).toBe(1);
      }
    });
  });

  test("is small, and on paper two pages at least", async () => {
    expect(statSync(join(cwd, run, "report.html")).size).toBeLessThan(LARGEST);
    await looking(run, { width: 1440, colorScheme: "dark" }, async (page) => {
      const pdf = await page.pdf({ format: "A4" });
      expect(pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0).toBeGreaterThanOrEqual(2);
      await page.emulateMedia({ media: "print" });
      expect(await page.locator("nav").isVisible()).toBe(false);
      expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    });
  });
});

const text = (run: string): string => readFileSync(join(cwd, run, "report.html"), "utf8");
/** Those of the texts that a run's report lacks. */
const lacking = (run: string, ...wanted: readonly string[]): string[] => {
  const page = text(run);
  return wanted.filter((part) => !page.includes(part));
};

test("digits: mistakes under two heat maps, the settings with where they came from", () => {
  expect(text("digits").match(/Heat map for /g)?.length).toBe(16);
  const maxSteps = '<code>maxSteps</code></th><td class="value given">60</td><td>command line</td>';
  const optimizer = '<code>optimizer</code></th><td class="value">adam</td><td>default</td>';
  const source = "digits drawn by ocelli itself: 12,000 images to train and 2,000 to validate";
  expect(lacking("digits", maxSteps, optimizer, source)).toEqual([]);
  expect(lacking("digits", UNFINISHED)).toEqual([UNFINISHED]);
});

test("photos: names are escaped, sizes are told", () => {
  const sizes = "The photos have 40×30 to 40×30 pixels";
  expect(lacking("photos", "&lt;b&gt;ants", "bees &amp; co", sizes, "<b>ants")).toEqual(["<b>ants"]);
});

describe("runs that are not as they should be", () => {
  test("stopped in the middle: says so, and shows what there is; resumed it is like any other", async () => {
    writeBandFolder(join(cwd, "bands"), {}, { train: 900 });
    const args = ["train", "bands", "--out", "stopped", "--epochs", "1", "--eval-every", "40", "--batch-size", "10"];
    interrupted(cwd, args, [{ at: /after step 40/, signal: "SIGINT" }]);
    expect(existsSync(join(cwd, "stopped/summary.json"))).toBe(false);
    expect(ocelliJson(cwd, ["report", "stopped"])).toEqual({ report: join("stopped", "report.html"), problems: [] });
    expect(lacking("stopped", UNFINISHED, "it stands after step 4", "Worst mistakes")).toEqual([]);
    if (hasChromium)
      await looking("stopped", { width: 390, colorScheme: "dark" }, async (page) => {
        expect(await page.locator(".note").isVisible()).toBe(true);
        expect(await seriousFindings(page)).toEqual([]);
      });
    expect(ocelli(cwd, ["resume", "stopped", "--json"]).status).toBe(0);
    expect(lacking("stopped", UNFINISHED, "90 steps and 3 evaluations")).toEqual([UNFINISHED]);
  });

  test("a broken line, an unknown record, an unknown setting: each is told, and the rest is shown", () => {
    const file = join(cwd, "stopped/metrics.jsonl");
    const lines = readFileSync(file, "utf8").split("\n");
    lines[2] = lines[2]?.slice(0, 20) ?? "";
    writeFileSync(file, lines.join("\n"));
    appendFileSync(file, '{"type":"lunar","step":91}\n{"type":"step","epo');
    const config = JSON.parse(readFileSync(join(cwd, "stopped/config.json"), "utf8"));
    writeFileSync(join(cwd, "stopped/config.json"), JSON.stringify({ ...config, warp: { value: 9, from: "flag" } }));
    const { problems } = ocelliJson<{ problems: string[] }>(cwd, ["report", "stopped"]);
    expect(problems).toEqual([expect.stringMatching(/^The network was not asked anew: .*warp/)]);
    const told = [
      "Line 3 of metrics.jsonl cannot be read and is passed over.",
      "metrics.jsonl has records of the type &quot;lunar&quot;, which this version",
      "config.json has settings that this version of ocelli does not know: warp.",
    ];
    expect(lacking("stopped", ...told, "89 steps and 3", "<code>warp</code>")).toEqual([]);
  });

  test("half-written: a settings file that ends early, no weights", () => {
    const path = join(cwd, "stopped");
    writeFileSync(join(path, "config.json"), '{"data": {"value": "dig');
    rmSync(join(path, "best.pth"));
    rmSync(join(path, "last.pth"));
    writeFileSync(join(path, "summary.json"), '{"run": 3}');
    expect(ocelli(cwd, ["report", "stopped"]).status).toBe(0);
    const told = [
      "config.json cannot be read: it is no JSON object, perhaps only half-written.",
      "summary.json cannot be read: &quot;run&quot; is wrong.",
    ];
    expect(lacking("stopped", ...told, "89 steps and 3")).toEqual([]);
  });

  test("data that are gone are told", async () => {
    await removePhotos?.();
    const { problems } = ocelliJson<{ problems: string[] }>(cwd, ["report", "photos"]);
    const reason = /^The network was not asked anew: .*there is no such name or folder/;
    expect(problems).toEqual([expect.stringMatching(reason)]);
    expect(lacking("photos", "The network was not asked anew", "Settings")).toEqual([]);
  });

  test("a folder that is no run is an error", () => {
    const { error } = failingIn(cwd, ["report", "."], 1);
    expect(error).toBe('".": expected the folder of a run but it has none of a run\'s files.');
  });
});

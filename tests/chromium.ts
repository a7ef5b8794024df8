/** The browser of the tests: the system's Chromium, headless. Without one the tests that need it are left out, and say so. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";

/** The one without a window of its own starts and runs in about half the time. */
const NAMES = ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The program's file: the one that OCELLI_CHROMIUM names, or the first on the PATH; undefined if there is none. */
export const CHROMIUM =
  process.env.OCELLI_CHROMIUM ??
  (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find(isExecutable);

/** Whether tests of pages can run; OCELLI_REQUIRE_DATA makes it an error if not. */
export const hasChromium = CHROMIUM !== undefined;
if (!hasChromium) {
  if (process.env.OCELLI_REQUIRE_DATA)
    throw new Error("OCELLI_REQUIRE_DATA: expected Chromium on the PATH but found none");
  console.warn("No Chromium on the PATH (or in OCELLI_CHROMIUM): the tests of pages are left out.");
}

/** Milliseconds after which what has not come to a page will not come, on a machine however busy. */
const PATIENCE = 120_000;

/** Starts the browser, with more of its flags where they are given; the caller closes it. */
export const openBrowser = (flags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", ...flags],
  });

/** A page in a context of its own, which is closed with it. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(PATIENCE);
  return page;
}

/** The dashboard in a browser, for tests: a real `ocelli ui` over a few runs, and pages that may not complain. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { writeTree } from "../../../src/testing/photo-folders.ts";
import { epochRecord, recordLine, writeRunFolder } from "../../../src/testing/run-folders.ts";
import { hasChromium, openBrowser, openPage } from "../../chromium.ts";
import { type OpenDashboard, openDashboard } from "../../cli/dashboard.ts";
import { emptyFolder, ocelliJson } from "../../cli/ocelli.ts";

/** How a page is looked at. */
export interface Look {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  /** Complaints of the console that are meant to come, such as of an answer with an error. */
  readonly expected?: RegExp;
}

/** What the tests of a file share. */
export interface DashboardPages {
  /** Holds `runs/`. */
  readonly cwd: string;
  browser(): Browser;
  url(): string;
  /** Asks the dashboard. */
  get(path: string): Promise<Response>;
  /** The folder of the photos of the run `insects`, three of each class in each part. */
  photos(): string;
  /** Opens a page of the dashboard, and fails if the console says anything that is not expected. */
  looking(path: string, look: Look, use: (page: Page) => Promise<void>): Promise<void>;
}

/** The names of the runs in the list. */
export const rows = (page: Page): Locator => page.locator("tbody th a");

/** Photos of two classes, to train with and to validate with. */
function photoTree(): Promise<{ root: string; remove: () => Promise<void> }> {
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1, 2].map((n) => `${part}/${name}/${n}.png`)),
  );
  return writeTree(Object.fromEntries(names.map((name, seed) => [name, seed])));
}

const SMALL = [
  ...["--model", "squeezenet1_1", "--weights", "none", "--size", "64"],
  ...["--epochs", "2", "--workers", "0", "--batch-size", "4"],
];

/** The log of a run that a person stopped, and that may be renamed or deleted. */
const STOPPED = "2026-11-26T03:00:00.000Z Stopped after step 20. Go on with: ocelli resume x\n";

/** Runs of all kinds that need no training. */
async function writeRuns(folder: string): Promise<void> {
  await writeRunFolder(join(folder, "growing"), { records: [1, 2, 3].map(epochRecord) });
  await writeRunFolder(join(folder, "broken"), {
    ...{ metrics: `${recordLine(epochRecord(1))}{"type":"ep\n${recordLine(epochRecord(2))}`, log: STOPPED },
  });
  await writeRunFolder(join(folder, "newer"), { config: '{"hyperdrive":{"value":1,"from":"flag"}}', log: STOPPED });
  await writeRunFolder(join(folder, "other/cut"), { config: '{"data": {"val', log: STOPPED });
}

/** Opens a dashboard before the tests of a file, and closes it after them; `isTrained` says whether the run `insects` has weights. */
export function dashboardPages({ isTrained }: { readonly isTrained: boolean }): DashboardPages {
  const cwd = emptyFolder();
  let browser: Browser;
  let dashboard: OpenDashboard;
  let tree: Awaited<ReturnType<typeof photoTree>>;
  beforeAll(async () => {
    if (!hasChromium) return;
    tree = await photoTree();
    if (isTrained) ocelliJson(cwd, ["train", tree.root, "--out", "runs/insects", ...SMALL]);
    else await writeRunFolder(join(cwd, "runs/insects"), { settings: { data: tree.root, model: "squeezenet1_1" } });
    await writeRuns(join(cwd, "runs"));
    dashboard = await openDashboard(cwd, ["--port", "0"]);
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await dashboard?.close();
    await tree?.remove();
    rmSync(cwd, { recursive: true, force: true });
  });
  return {
    ...{
      cwd,
      browser: () => browser,
      url: () => dashboard.url,
      get: (path) => dashboard.get(path),
      photos: () => tree.root,
    },
    async looking(path, { width = 1440, colorScheme = "light", expected }, use) {
      const page = await openPage(browser, { viewport: { width, height: 900 }, colorScheme, reducedMotion: "reduce" });
      const complaints: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !expected?.test(message.text()))
          complaints.push(message.text());
      });
      page.on("pageerror", (error) => complaints.push(error.message));
      page.on("request", (request) => {
        if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(dashboard.url))
          complaints.push(request.url());
      });
      await page.context().addCookies([await cookieOf(dashboard)]);
      await page.goto(dashboard.url + path);
      await use(page).catch(async (error: unknown) => {
        const shown = await page.locator("body").innerText();
        throw new Error(`The page complained of ${JSON.stringify(complaints)} and showed:\n${shown}`, { cause: error });
      });
      expect(complaints).toEqual([]);
      await page.close();
    },
  };
}

/** The cookie that a browser gets when it opens the dashboard's link. */
async function cookieOf({ url, link }: OpenDashboard) {
  const { headers } = await fetch(link, { redirect: "manual" });
  const [, name = "", value = ""] = /^([^=]+)=([^;]+)/.exec(headers.get("set-cookie") ?? "") ?? [];
  return { name, value, url };
}

/** The address of a page within the dashboard. */
export const addressOf = (page: Page): string => page.url().replace(/^http:\/\/[^/]+/, "");

/** What has the focus: its name, or its text. */
export const focused = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText ?? ''");

/** The dashboard in a browser: every page opened and used as a person does, with a real `ocelli ui` behind it. */
import { appendFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { RunReport } from "../../src/serving/dashboard/api.ts";
import { wavyPng, writeTree } from "../../src/testing/photo-folders.ts";
import { epochRecord, recordLine, writeRunFolder } from "../../src/testing/run-folders.ts";
import { hasChromium, openBrowser, openPage } from "../chromium.ts";
import { type OpenDashboard, openDashboard } from "../cli/dashboard.ts";
import { emptyFolder, ocelliJson } from "../cli/ocelli.ts";
import { seriousFindings } from "./findings.ts";

const cwd = emptyFolder();
let browser: Browser;
let dashboard: OpenDashboard;
let photos: string;
let removePhotos: (() => Promise<void>) | undefined;

beforeAll(async () => {
  if (!hasChromium) return;
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1, 2].map((n) => `${part}/${name}/${n}.png`)),
  );
  const tree = await writeTree(Object.fromEntries(names.map((name, seed) => [name, seed])));
  [photos, removePhotos] = [tree.root, tree.remove];
  const small = [
    "--model",
    "squeezenet1_1",
    "--weights",
    "none",
    "--size",
    "64",
    "--epochs",
    "2",
    "--workers",
    "0",
    "--batch-size",
    "4",
  ];
  ocelliJson(cwd, ["train", photos, "--out", "runs/insects", ...small]);
  const records = [1, 2, 3].map(epochRecord);
  await writeRunFolder(join(cwd, "runs/growing"), { records });
  await writeRunFolder(join(cwd, "runs/broken"), {
    metrics: `${recordLine(epochRecord(1))}{"type":"ep\n${recordLine(epochRecord(2))}`,
  });
  await writeRunFolder(join(cwd, "runs/newer"), { config: '{"hyperdrive":{"value":1,"from":"flag"}}' });
  await writeRunFolder(join(cwd, "runs/other/cut"), { config: '{"data": {"val', settings: {} });
  dashboard = await openDashboard(cwd, ["--port", "0"]);
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  await dashboard?.close();
  await removePhotos?.();
  rmSync(cwd, { recursive: true, force: true });
});

interface Look {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
  /** Complaints of the console that are meant to come, such as of an answer with an error. */
  readonly expected?: RegExp;
}

/** Opens a page of the dashboard, and fails if the console says anything that is not expected. */
async function looking(
  path: string,
  { width = 1440, colorScheme = "light", expected }: Look,
  use: (page: Page) => Promise<void>,
) {
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
  await page.goto(dashboard.url + path);
  await use(page);
  expect(complaints).toEqual([]);
  await page.close();
}

const rows = (page: Page): Locator => page.locator("tbody th a");
const addressOf = (page: Page): string => page.url().replace(dashboard.url, "");

/** Each page, and what is on it once it is there. */
const PAGES = [
  ["runs", "/", "tbody th a"],
  ["overview", "/runs/growing", ".chart canvas"],
  ["damaged", "/runs/other%2Fcut", ".notes"],
  ["pictures", "/runs/insects/pictures", ".gallery img"],
  ["picture", "/runs/insects/pictures?picture=0", "dialog img"],
  ["try", "/runs/insects/try", ".drop"],
  ["settings", "/runs/insects/settings", "tbody code"],
  ["log", "/runs/insects/log", "pre"],
  ["compare", "/compare?run=insects&run=growing", ".chart canvas"],
  ["new", "/new?from=growing", "form"],
  ["marks", "/marks?run=insects", ".empty"],
  ["nowhere", "/nowhere", ".empty"],
] as const;
const LOOKS = [390, 1440].flatMap((width) =>
  (["light", "dark"] as const).map((colorScheme) => ({ width, colorScheme })),
);

describe.runIf(hasChromium)("the dashboard", () => {
  test.each(LOOKS)("at $width pixels, $colorScheme: every page fits and axe finds nothing serious", async (look) => {
    await looking("/", look, async (page) => {
      for (const [name, path, sign] of PAGES) {
        await page.evaluate(`history.pushState(null, "", "${path}"); dispatchEvent(new PopStateEvent("popstate"))`);
        await page.locator(sign).first().waitFor();
        expect(await page.evaluate("document.documentElement.scrollWidth"), name).toBe(look.width);
        expect(await seriousFindings(page), name).toEqual([]);
        const folder = process.env.OCELLI_SCREENSHOTS;
        const file = folder && join(folder, `dashboard-${name}-${look.width}-${look.colorScheme}.png`);
        expect((await page.screenshot({ path: file })).length, name).toBeGreaterThan(5000);
      }
    });
  });

  test("the list is sorted and filtered, in the address too; Back goes back to it", async () => {
    await looking("/", {}, async (page) => {
      await rows(page).first().waitFor();
      expect(await rows(page).count()).toBe(5);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      expect(await rows(page).allTextContents()).toEqual(["broken", "growing", "insects", "newer", "other/cut"]);
      await page.getByRole("button", { name: "Run", exact: true }).click();
      expect(await rows(page).first().textContent()).toBe("other/cut");
      await page.keyboard.press("/");
      await page.keyboard.type("squeeze");
      expect(await rows(page).allTextContents()).toEqual(["insects"]);
      expect(addressOf(page)).toBe("/?sort=run&falling=1&filter=squeeze");
      await rows(page).click();
      await page.getByRole("heading", { name: "insects" }).waitFor();
      await page.goBack();
      expect(await rows(page).allTextContents()).toEqual(["insects"]);
      await page.getByLabel("Filter runs").fill("nothing like that");
      await page.getByRole("button", { name: "Show all runs" }).click();
      expect(await rows(page).count()).toBe(5);
    });
  });

  test("keys choose runs and compare them", async () => {
    await looking("/", {}, async (page) => {
      await rows(page).first().waitFor();
      for (const filter of ["insects", "growing"]) {
        await page.getByLabel("Filter runs").fill(filter);
        await page.getByLabel("Filter runs").blur();
        for (const key of ["j", "x"]) await page.keyboard.press(key);
      }
      await page.keyboard.press("c");
      await page.locator("table.compare").first().waitFor();
      expect(addressOf(page)).toBe("/compare?run=insects&run=growing");
      expect(await page.locator("table.compare tbody th").allTextContents()).toContain("model");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    });
  });

  test("a point appears on the page when it is written, and the list follows", async () => {
    await looking("/runs/growing", {}, async (page) => {
      const chart = page.getByRole("img", { name: /^Accuracy:.*validation 80\.0%/ });
      await chart.waitFor();
      appendFileSync(join(cwd, "runs/growing/metrics.jsonl"), recordLine(epochRecord(4)));
      await page.getByRole("img", { name: /^Accuracy:.*validation 85\.0%/ }).waitFor();
      await page.getByRole("link", { name: "Runs" }).first().click();
      await page.locator("tr", { hasText: "growing" }).getByText("85.00%").waitFor();
      appendFileSync(join(cwd, "runs/growing/metrics.jsonl"), recordLine(epochRecord(5)));
      await page.locator("tr", { hasText: "growing" }).getByText("88.00%").waitFor();
    });
  });

  test.each([
    ["broken", /Line 2 of metrics\.jsonl cannot be read/],
    ["newer", /does not know: hyperdrive/],
    ["other%2Fcut", /config\.json cannot be read/],
  ])("run %s says what is wrong with it and shows the rest", async (id, note) => {
    await looking(`/runs/${id}`, {}, async (page) => {
      await page.getByText(note).waitFor();
      await page.locator(".chart canvas").first().waitFor();
    });
  });

  test("a run that is not there", async () => {
    await looking("/runs/none", { expected: /404/ }, async (page) => {
      await page.getByText("there is no such run").waitFor();
      await page.getByRole("link", { name: "All runs", exact: true }).click();
      await rows(page).first().waitFor();
    });
  });

  test("a cell of the confusion matrix opens its pictures; Back closes what was opened", async () => {
    await looking("/runs/insects/pictures", {}, async (page) => {
      await page.locator(".confusion td a").first().click();
      await page.waitForURL(/class=\w+&predicted=\w+/);
      const [cell, shown] = [
        await page.locator(".confusion td a[aria-current]").textContent(),
        page.locator(".gallery li"),
      ];
      await expect.poll(() => shown.count()).toBe(Number(cell));
      await shown.first().click();
      await page.locator("dialog img").waitFor();
      expect(addressOf(page)).toMatch(/&picture=\d+$/);
      await page.goBack();
      await page.locator("dialog").waitFor({ state: "detached" });
      await page.goBack();
      await expect.poll(() => shown.count()).toBe(6);
      await page.getByRole("combobox", { name: "Show" }).selectOption("Wrong only");
      const report = (await (await fetch(`${dashboard.url}/api/runs/insects/report`)).json()) as RunReport;
      const wrong = report.count * (1 - report.accuracy);
      await expect.poll(() => shown.count()).toBe(Math.round(wrong));
      expect(await page.locator(".tile.wrong").count()).toBe(Math.round(wrong));
    });
  });

  test("a picture is marked, that is undone, and it is left out by a key; the file is kept beside the photos", async () => {
    const file = join(photos, "ocelli-labels.json");
    const kept = (): unknown => JSON.parse(readFileSync(file, "utf8")).photos;
    await looking("/runs/insects/pictures?order=data&picture=0", {}, async (page) => {
      await page.getByLabel("The right class").selectOption("bees");
      await page.getByText("Marked: is bees").waitFor();
      expect(kept()).toEqual({ "val/ants/0.png": { label: "bees" } });
      await page.locator("dialog").getByRole("button", { name: "Undo" }).click();
      await page.getByText("Marked: is bees").waitFor({ state: "detached" });
      expect(kept()).toEqual({});
      await page.keyboard.press("ArrowRight");
      await page.getByRole("heading", { name: "val/ants/1.png" }).waitFor();
      await page.keyboard.press("e");
      await page.getByText("Marked: left out").waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".gallery .flag", { hasText: "left out" }).waitFor();
      await page.getByRole("link", { name: "Corrected labels of this data set" }).click();
      await page.getByRole("row", { name: /val\/ants\/1\.png ants left out/ }).waitFor();
      await page.getByRole("button", { name: "Take back the mark of val/ants/1.png" }).click();
      await page.getByText("No label was corrected").waitFor();
      await page.keyboard.press("u");
      await page.getByRole("row", { name: /val\/ants\/1\.png/ }).waitFor();
    });
    rmSync(file);
  });

  test("a picture of the gallery under its heat map", async () => {
    await looking("/runs/insects/pictures?picture=2", {}, async (page) => {
      await page.getByRole("button", { name: "Where does it look?" }).click();
      await page.getByRole("img", { name: /^Heat map of/ }).waitFor();
      expect(await page.locator("dialog .bars li").count()).toBe(2);
    });
  });

  test("pictures that are chosen, dropped and pasted are classified; what is no picture says so", async () => {
    const png = Buffer.from(await wavyPng(1));
    await looking("/runs/insects/try", { expected: /400/ }, async (page) => {
      await page.locator("input[type=file]").setInputFiles([{ name: "mine.png", mimeType: "image/png", buffer: png }]);
      await page.getByRole("img", { name: "mine.png under its heat map" }).waitFor();
      await page.getByText("Show the picture alone").click();
      await page.getByRole("img", { name: "mine.png", exact: true }).waitFor();
      for (const [kind, field, target] of [
        ["drop", "dataTransfer", "document.querySelector('.drop')"],
        ["paste", "clipboardData", "document.body"],
      ] as const) {
        await page.evaluate(`{
          const data = new DataTransfer();
          data.items.add(new File([Uint8Array.from(atob("${png.toString("base64")}"), (c) => c.charCodeAt(0))], "${kind}.png"));
          const event = new Event("${kind}", { bubbles: true, cancelable: true });
          Object.defineProperty(event, "${field}", { value: data });
          ${target}.dispatchEvent(event);
        }`);
        await page.getByRole("img", { name: `${kind}.png under its heat map` }).waitFor();
      }
      await page
        .locator("input[type=file]")
        .setInputFiles([{ name: "no.png", mimeType: "image/png", buffer: Buffer.from("no picture") }]);
      await page.getByText(/"no\.png": expected a JPEG, PNG/).waitFor();
    });
  });

  test("without a camera that is said", async () => {
    await looking("/runs/insects/try", {}, async (page) => {
      await page.getByRole("button", { name: "Camera" }).click();
      await page.getByText(/There is no camera|The camera (may not be used|cannot be opened)/).waitFor();
    });
  });

  test("a run is started from the form, after what was wrong is corrected; it is stopped, and can be resumed", async () => {
    await looking("/", { expected: /400/ }, async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("n");
      await page.getByLabel("Data").fill("digits");
      await page.getByLabel("Epochs").fill("0");
      await page.getByText("epochs: expected a whole number of at least 1 but got 0.").waitFor();
      await page.getByRole("button", { name: "Start training" }).click();
      await expect.poll(() => page.evaluate("document.activeElement?.id")).toBe("setting-epochs");
      await page.getByLabel("Epochs").fill("50");
      await page.getByRole("link", { name: "Runs" }).first().click();
      await rows(page).first().waitFor();
      await page.goBack();
      expect(await page.getByLabel("Epochs").inputValue()).toBe("50");
      await page.getByRole("button", { name: "Start training" }).click();
      await page.waitForURL(/\/runs\/digits-mnist-cnn-1$/);
      await page.locator(".chart canvas").first().waitFor();
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
      expect(await page.locator(".title .state").textContent()).toBe("stopped");
      await page.getByRole("link", { name: "Log" }).click();
      await page
        .getByText(/Stopped after step/)
        .first()
        .waitFor();
      await page.getByRole("button", { name: "Resume" }).click();
      await page.getByRole("button", { name: "Stop" }).waitFor();
      expect(await page.getByRole("button", { name: "Resume" }).count()).toBe(0);
    });
  });

  test("a run that cannot begin says why, and its form is still filled in", async () => {
    await looking("/new", {}, async (page) => {
      await page.getByLabel("Data").fill(photos);
      await page.getByLabel("First weights").fill("none.pth");
      await page.getByRole("button", { name: "Start training" }).click();
      await page
        .getByText(/"none\.pth": expected/)
        .first()
        .waitFor();
      expect(await page.locator(".title .state").textContent()).toBe("failed");
      await page.getByRole("link", { name: "Back to the form" }).click();
      expect(await page.getByLabel("First weights").inputValue()).toBe("none.pth");
      await page.getByRole("button", { name: "Empty the form" }).click();
      expect(await page.getByLabel("Data").inputValue()).toBe("");
    });
  });

  test("predictions are made once they are asked for, and kept", async () => {
    rmSync(join(cwd, "runs/insects/predictions.jsonl"));
    await looking("/runs/insects/pictures", {}, async (page) => {
      await page.getByRole("button", { name: "Evaluate the run" }).click();
      await page.locator(".gallery img").first().waitFor();
    });
    expect(await readFile(join(cwd, "runs/insects/predictions.jsonl"), "utf8")).toContain("val/bees/2.png");
  });

  test("an empty folder says how to begin", async () => {
    const empty = emptyFolder();
    writeFileSync(join(empty, "note.txt"), "");
    const other = await openDashboard(empty, [".", "--port", "0"]);
    const page = await openPage(browser);
    await page.goto(other.url);
    await page.getByText("No runs yet").waitFor();
    await page.getByRole("link", { name: "Start the first run" }).click();
    await page.getByRole("heading", { name: "New run" }).waitFor();
    await other.close();
    await page.goBack();
    await page.getByText(/server does not answer/).waitFor();
    await page.close();
    rmSync(empty, { recursive: true });
  });
});

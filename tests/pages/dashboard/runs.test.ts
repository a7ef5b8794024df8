/** The list of runs and their curves in a browser, as a person uses them. */
import { appendFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { epochRecord, recordLine, writeRunFolder } from "../../../src/testing/run-folders.ts";
import { hasChromium } from "../../chromium.ts";
import { addressOf, dashboardPages, focused, rows } from "./pages.ts";

const { cwd, looking } = dashboardPages({ isTrained: false });

describe.runIf(hasChromium)("the dashboard: lists and curves", () => {
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
      expect(await page.locator("table.compare tbody th").allTextContents()).toContain("--model");
      await page.keyboard.press("?");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
    });
  });

  test("keys are advertised by a button, to which the focus returns; Back returns it to where it was in the list", async () => {
    await looking("/?sort=run&falling=0", {}, async (page) => {
      await rows(page).first().waitFor();
      const button = page.getByRole("button", { name: "Keyboard shortcuts" });
      await button.focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog", { name: "Keys" }).waitFor();
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await focused(page)).toBe("Keys ? Keyboard shortcuts");
      await page.getByRole("heading", { name: "Runs" }).click();
      for (const key of ["j", "j"]) await page.keyboard.press(key);
      expect(await focused(page)).toBe("growing");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "growing" }).waitFor();
      await expect.poll(() => focused(page)).toBe("growing"); // the heading of the run's page
      await page.goBack();
      await expect.poll(() => page.evaluate("document.activeElement.getAttribute('href')")).toBe("/runs/growing");
    });
  });

  test("a run in training has live figures: what is left, its speed and its step, on its page and in the list", async () => {
    const folder = join(cwd, "runs/live");
    await writeRunFolder(folder, { records: [1, 2].map(epochRecord) });
    const tell = (step: number, secondsLeft: number): void => {
      const figures = {
        step,
        batch: step - 20,
        imagesPerSecond: 1234,
        secondsLeft,
        train: { loss: 0.125, accuracy: 0.96 },
      };
      const process_ = { pid: process.pid, host: hostname(), written: Date.now(), epochSeconds: 1, isTrained: false };
      const place = { doing: null, epoch: 3, epochs: 100, stepsPerEpoch: 10 };
      writeFileSync(join(folder, "progress.json"), JSON.stringify({ ...process_, ...place, ...figures }));
    };
    tell(22, 95);
    await looking("/runs/live", {}, async (page) => {
      const figures = page.locator(".figures");
      await figures.getByText("1:35 min").waitFor();
      await figures.getByText("of 100 · step 2 of 10").waitFor();
      await figures.getByText("accuracy 96.00%, epoch 3 so far").waitFor();
      await figures.getByText("1,234 images/s").waitFor();
      tell(25, 42);
      await figures.getByText("42 s", { exact: true }).waitFor();
      await figures.getByText("of 100 · step 5 of 10").waitFor();
      appendFileSync(join(folder, "metrics.jsonl"), recordLine(epochRecord(3)));
      await figures.getByText(/^80\.00%/).waitFor(); // the best accuracy
      await page.getByRole("link", { name: "Runs" }).first().click();
      const row = page.locator("tr", { hasText: "live" });
      await row.getByText("42 s left").waitFor();
      await row.getByText("step 5 of 10").waitFor();
      await row.getByText("80.00%").waitFor();
      tell(27, 30);
      await row.getByText("30 s left").waitFor();
      await row.getByText("step 7 of 10").waitFor();
      rmSync(folder, { recursive: true });
      await row.waitFor({ state: "detached" });
    });
  });

  test("a run whose folder is removed while its page is open says so", async () => {
    await writeRunFolder(join(cwd, "runs/going"));
    await looking("/runs/going", { expected: /404/ }, async (page) => {
      await page.locator(".chart canvas").first().waitFor();
      rmSync(join(cwd, "runs/going"), { recursive: true });
      await page.getByText('run "going": there is no such run.').waitFor();
      await page.getByRole("link", { name: "All runs", exact: true }).waitFor();
    });
  });

  test("legends name every line in the reports' words, and draw each as it is in the chart", async () => {
    const legend = (page: Page, chart: string): Promise<string[]> =>
      page.locator("figure", { hasText: chart }).first().locator(".u-series .u-label").allTextContents();
    const marks = (page: Page): Promise<string[]> =>
      page.evaluate(
        "[...document.querySelector('figure').querySelectorAll('.u-marker')].slice(1).map(({ style }) => style.background)",
      );
    await looking("/runs/growing", {}, async (page) => {
      await page.locator(".u-series").first().waitFor();
      expect(await legend(page, "Loss")).toEqual(["epoch", "training loss", "validation loss"]);
      expect(await legend(page, "Accuracy")).toEqual(["epoch", "training accuracy", "validation accuracy"]);
      expect(await marks(page)).toEqual(["var(--train)", expect.stringMatching(/^repeating-linear-gradient.*--val/)]);
      await page.goto(page.url().replace("/runs/growing", "/compare?run=growing&run=newer&run=other%2Fcut&run=broken"));
      await page.locator(".u-series").first().waitFor();
      expect(await legend(page, "Validation accuracy")).toEqual(["epoch", "growing", "newer", "other/cut", "broken"]);
      expect(new Set((await marks(page)).map((text) => text.replaceAll(/--c\d/g, ""))).size).toBe(4); // without colours too
    });
  });

  test("a point appears on the page when it is written, and the list follows", async () => {
    await looking("/runs/growing", {}, async (page) => {
      const chart = page.getByRole("img", { name: /^Accuracy:.*validation accuracy 80\.0%/ });
      await chart.waitFor();
      appendFileSync(join(cwd, "runs/growing/metrics.jsonl"), recordLine(epochRecord(4)));
      await page.getByRole("img", { name: /^Accuracy:.*validation accuracy 85\.0%/ }).waitFor();
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
});

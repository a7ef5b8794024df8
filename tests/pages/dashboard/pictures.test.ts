/** The pictures of a run in a browser: confusion matrix, gallery, marks, heat maps, pictures of one's own. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { RunReport } from "../../../src/serving/dashboard/api.ts";
import { wavyPng } from "../../../src/testing/photo-folders.ts";
import { hasChromium } from "../../chromium.ts";
import { addressOf, dashboardPages, focused } from "./pages.ts";

const { cwd, get, looking, photos } = dashboardPages({ isTrained: true });

describe.runIf(hasChromium)("the dashboard: pictures", () => {
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
      const report = (await (await get("/api/runs/insects/report")).json()) as RunReport;
      const wrong = report.count * (1 - report.accuracy);
      await expect.poll(() => shown.count()).toBe(Math.round(wrong));
      expect(await page.locator(".tile.wrong").count()).toBe(Math.round(wrong));
    });
  });

  test("a picture is marked, that is undone, and it is left out by a key; the file is kept beside the photos", async () => {
    const file = join(photos(), "ocelli-labels.json");
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

  test("a picture of the gallery under its heat map and without it, by the button and by a key", async () => {
    await looking("/runs/insects/pictures?picture=2", {}, async (page) => {
      const button = page.getByRole("button", { name: "Where does it look?" });
      const [heat, plain] = [
        page.getByRole("img", { name: /^Heat map of/ }),
        page.locator("dialog img[src*='/pictures/2/image']"),
      ];
      expect(await button.getAttribute("aria-pressed")).toBe("false");
      await button.click();
      await heat.waitFor();
      expect(await button.getAttribute("aria-pressed")).toBe("true");
      expect(await page.locator("dialog .bars li").count()).toBe(2);
      await button.click();
      await plain.waitFor();
      expect(await heat.count()).toBe(0);
      expect(await button.getAttribute("aria-pressed")).toBe("false");
      await page.keyboard.press("h");
      await heat.waitFor();
      await page.keyboard.press("h");
      await plain.waitFor();
    });
  });

  test("the focus returns to the picture that was open, also after another was gone to", async () => {
    await looking("/runs/insects/pictures?order=data", {}, async (page) => {
      const index = (): Promise<string> => page.evaluate("document.activeElement?.dataset.index ?? ''");
      await page.locator(".tile").nth(1).focus();
      await page.keyboard.press("Enter");
      await page.locator("dialog img").waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      await expect.poll(index).toBe("1");
      await page.keyboard.press("Enter");
      await page.locator("dialog img").waitFor();
      await page.keyboard.press("ArrowRight");
      await page.getByRole("heading", { name: "val/ants/2.png" }).waitFor();
      await page.keyboard.press("Escape");
      await page.locator("dialog").waitFor({ state: "detached" });
      await expect.poll(index).toBe("2");
    });
  });

  test("photos to train with are looked through by class and given their right class", async () => {
    const file = join(photos(), "ocelli-labels.json");
    await looking("/runs/insects/data", {}, async (page) => {
      const shown = page.locator(".gallery li");
      await expect.poll(() => shown.count()).toBe(6);
      await page.getByLabel("Class").selectOption("bees");
      await expect.poll(() => shown.count()).toBe(3);
      await shown.first().click();
      await page.getByRole("heading", { name: "train/bees/0.png" }).waitFor();
      await page.getByLabel("The right class").selectOption("ants");
      await page.getByText("Marked: is ants").waitFor();
      await page.keyboard.press("Escape");
      await page.locator(".gallery .flag", { hasText: "is ants" }).waitFor();
      expect(JSON.parse(readFileSync(file, "utf8")).photos).toEqual({ "train/bees/0.png": { label: "ants" } });
      await page.getByLabel("Show").selectOption("Marked");
      await expect.poll(() => shown.count()).toBe(1);
      await page.getByLabel("File name").fill("no such name");
      await page.getByText("No picture is like that").waitFor();
    });
    rmSync(file);
  });

  test("a mark that is taken back hands the focus to the next", async () => {
    const file = join(photos(), "ocelli-labels.json");
    const marks = Object.fromEntries([0, 1].map((n) => [`train/ants/${n}.png`, { excluded: true }]));
    writeFileSync(file, JSON.stringify({ version: 1, photos: marks }));
    await looking("/marks?run=insects", {}, async (page) => {
      await page.getByRole("button", { name: "Take back the mark of train/ants/0.png" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("row", { name: /ants\/0/ }).waitFor({ state: "detached" });
      await expect.poll(() => focused(page)).toBe("Take back the mark of train/ants/1.png");
    });
    rmSync(file);
  });

  test("pictures that are chosen, dropped and pasted are classified; what is no picture says so", async () => {
    const png = Buffer.from(await wavyPng(1));
    await looking("/runs/insects/try", { expected: /400/ }, async (page) => {
      await page.locator("input[type=file]").setInputFiles([{ name: "mine.png", mimeType: "image/png", buffer: png }]);
      await page.getByRole("img", { name: "mine.png under its heat map" }).waitFor();
      await page.locator("input[type=file]").setInputFiles([{ name: "mine.png", mimeType: "image/png", buffer: png }]);
      await page.getByRole("img", { name: "mine.png (2) under its heat map" }).waitFor();
      await page.getByText("Show the picture alone").last().click();
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

  test("predictions are made once they are asked for, and kept", async () => {
    rmSync(join(cwd, "runs/insects/predictions.jsonl"));
    await looking("/runs/insects/pictures", {}, async (page) => {
      await page.getByRole("button", { name: "Evaluate the run" }).click();
      await page.locator(".gallery img").first().waitFor();
    });
    expect(await readFile(join(cwd, "runs/insects/predictions.jsonl"), "utf8")).toContain("val/bees/2.png");
  });
});

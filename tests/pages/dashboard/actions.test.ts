/** What people do with a run from its page, in a browser: names, notes, exports, deletion, more training. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, test } from "vitest";
import { hasChromium } from "../../chromium.ts";
import { seriousFindings } from "../findings.ts";
import { dashboardPages, focused, rows } from "./pages.ts";

const { cwd, looking } = dashboardPages({ isTrained: true });

/** Chooses an action from the menu with keys. */
async function choose(page: Page, action: string): Promise<void> {
  await page.getByRole("button", { name: "Actions" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem").first().waitFor();
  const items = await page.getByRole("menuitem").allTextContents();
  expect(items).toContain(action);
  for (let at = 0; at < items.indexOf(action); at++) await page.keyboard.press("ArrowDown");
  expect(await focused(page)).toBe(action);
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
}

describe.runIf(hasChromium)("the dashboard: actions", () => {
  test("a window is left with Escape, and the focus is back on the menu", async () => {
    await looking("/runs/insects", {}, async (page) => {
      await page.getByRole("button", { name: "Actions" }).click();
      expect(await seriousFindings(page)).toEqual([]);
      await page.keyboard.press("Escape");
      expect(await page.getByRole("menu").count()).toBe(0);
      expect(await focused(page)).toBe("Actions");
      for (const action of ["Train longer…", "Export…", "Note…", "Rename…", "Delete…"]) {
        await choose(page, action);
        expect(await seriousFindings(page), action).toEqual([]);
        await page.keyboard.press("Escape");
        await page.getByRole("dialog").waitFor({ state: "detached" });
        expect(await focused(page), action).toBe("Actions");
      }
    });
  });

  test("a run gets a note and another name; a name that cannot be is refused in the window", async () => {
    await looking("/runs/growing", { expected: /400/ }, async (page) => {
      await choose(page, "Note…");
      await page.getByRole("textbox").fill("half the rate");
      await page.getByRole("button", { name: "Keep" }).click();
      await page.locator(".note", { hasText: "half the rate" }).waitFor();
      expect(readFileSync(join(cwd, "runs/growing/note.txt"), "utf8")).toBe("half the rate\n");
    });
    await looking("/runs/newer", { expected: /400|409/ }, async (page) => {
      await choose(page, "Rename…");
      await page.getByRole("textbox", { name: "Name" }).fill("in/out");
      await page.keyboard.press("Enter");
      await page.getByText('name "in/out": expected the name of a folder but it has "/" in it.').waitFor();
    });
  });

  test("a deleted run comes back with Undo, and the focus is on it", async () => {
    await looking("/runs/other%2Fcut", {}, async (page) => {
      await choose(page, "Delete…");
      await page.getByText("for 30 days").waitFor();
      await page.getByRole("button", { name: "Delete" }).click();
      await rows(page).first().waitFor();
      await expect.poll(() => rows(page).allTextContents()).not.toContain("other/cut");
      expect(existsSync(join(cwd, "runs/other/cut"))).toBe(false);
      await page.getByRole("button", { name: "Undo" }).focus();
      await page.keyboard.press("Enter");
      await expect.poll(() => focused(page)).toBe("other/cut");
      expect(readdirSync(join(cwd, "runs/other/cut"))).toContain("metrics.jsonl");
    });
  });

  test("a deleted run is brought back from the list of deleted runs too", async () => {
    await looking("/runs/broken", {}, async (page) => {
      await choose(page, "Delete…");
      await page.getByRole("button", { name: "Delete" }).click();
      await page.getByRole("link", { name: "Deleted runs" }).click();
      await page.getByRole("button", { name: "Bring back broken" }).click();
      await page.locator("tbody th a", { hasText: "broken" }).waitFor();
    });
  });

  test("the model is exported and offered for download", async () => {
    await looking("/runs/insects", {}, async (page) => {
      await choose(page, "Export…");
      await page.getByLabel("--to").selectOption("safetensors");
      await page.getByRole("button", { name: "Export", exact: true }).click();
      const link = page.getByRole("link", { name: "insects.safetensors" });
      await link.waitFor();
      const download = page.waitForEvent("download");
      await link.click();
      const got = readFileSync(await (await download).path());
      expect(got.equals(readFileSync(join(cwd, "runs/insects/exports/insects.safetensors")))).toBe(true);
    });
  });

  test("a run is trained for more epochs; fewer than are done are refused by the command, whose words are shown", async () => {
    await looking("/runs/insects", {}, async (page) => {
      await choose(page, "Train longer…");
      await page.getByLabel("--epochs").fill("1");
      await page.getByText("ocelli resume insects --epochs 1").waitFor();
      await page.getByRole("button", { name: "Train", exact: true }).click();
      await page.getByText(/expected epochs to be left but 2 are done and 1 (is|are) asked for/).waitFor();
      await page.locator(".title .state", { hasText: "finished" }).waitFor();
      await choose(page, "Train longer…");
      await page.getByLabel("--epochs").fill("3");
      await page.getByRole("button", { name: "Train", exact: true }).click();
      await page.locator(".figures div", { hasText: "Epochs" }).getByText("of 3").waitFor();
      await page.locator(".title .state", { hasText: "finished" }).waitFor();
      expect(await page.locator(".figures div", { hasText: "Epochs" }).locator("dd").textContent()).toBe("3 of 3");
    });
  });

  test("the address follows a new name", async () => {
    await looking("/runs/insects", {}, async (page) => {
      await page.locator(".title .state", { hasText: "finished" }).waitFor();
      await choose(page, "Rename…");
      await page.getByRole("textbox", { name: "Name" }).fill("ants & bees, 100%");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "ants & bees, 100%" }).waitFor();
      await page.getByRole("link", { name: "Pictures" }).click();
      await page.locator(".gallery img").first().waitFor();
      expect(JSON.parse(readFileSync(join(cwd, "runs/ants & bees, 100%/summary.json"), "utf8")).run).toMatch(
        /runs.ants & bees, 100%$/,
      );
    });
  });
});

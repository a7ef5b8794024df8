/** Training that is started, stopped and gone on with from the page, in a browser. */
import { describe, expect, test } from "vitest";
import { hasChromium } from "../../chromium.ts";
import { dashboardPages, rows } from "./pages.ts";

const { looking, photos, url } = dashboardPages({ isTrained: false });

describe.runIf(hasChromium)("the dashboard: training from the page", () => {
  test("a run is started from the form, after what was wrong is corrected; it is stopped, and can be resumed", async () => {
    await looking("/", { expected: /400|404/ }, async (page) => {
      await rows(page).first().waitFor();
      await page.keyboard.press("n");
      await page.getByLabel("DATA", { exact: true }).fill("digits");
      await page.getByLabel("--epochs").fill("0");
      await page.getByText("--epochs: expected a whole number of at least 1 but got 0.").waitFor();
      await page.getByRole("button", { name: "Start training" }).click();
      await expect.poll(() => page.evaluate("document.activeElement?.id")).toBe("setting-epochs");
      await page.getByLabel("--epochs").fill("50");
      await page.getByRole("link", { name: "Runs" }).first().click();
      await rows(page).first().waitFor();
      await page.goBack();
      expect(await page.getByLabel("--epochs").inputValue()).toBe("50");
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
      await page.getByRole("link", { name: "Overview" }).click();
      await page
        .locator(".figures", { hasText: "Left" })
        .getByText(/step \d+ of 188/)
        .waitFor();
      await page.getByRole("link", { name: "New run", exact: true }).click();
      await page.getByLabel("--epochs").fill("1");
      await page.getByLabel("DATA", { exact: true }).fill("digits");
      await page.getByRole("button", { name: "Start training" }).click();
      await page.waitForURL(/\/runs\/digits-mnist-cnn-2$/);
      await page.locator(".title .state", { hasText: "queued" }).waitFor();
      await page.getByRole("button", { name: "Take out of the queue" }).click();
      await page.getByText("there is no such run").waitFor();
      await page.goto(`${url()}/runs/digits-mnist-cnn-1`);
      await page.getByRole("button", { name: "Stop" }).click();
      await page.getByRole("button", { name: "Resume" }).waitFor();
    });
  });

  test("a run that cannot begin says why, and its form is still filled in", async () => {
    await looking("/new", {}, async (page) => {
      await page.getByLabel("DATA", { exact: true }).fill(photos());
      await page.getByLabel("--weights").fill("none.pth");
      await page.getByRole("button", { name: "Start training" }).click();
      await page
        .getByText(/"none\.pth": expected/)
        .first()
        .waitFor();
      expect(await page.locator(".title .state").textContent()).toBe("failed");
      await page.getByRole("link", { name: "Back to the form" }).click();
      expect(await page.getByLabel("--weights").inputValue()).toBe("none.pth");
      await page.getByRole("button", { name: "Empty the form" }).click();
      expect(await page.getByLabel("DATA", { exact: true }).inputValue()).toBe("");
    });
  });
});

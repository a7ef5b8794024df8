import { expect, test } from "vitest";
import { hasChromium, openBrowser } from "./chromium.ts";

test.runIf(hasChromium)("a page shows what it is given", async () => {
  const browser = await openBrowser();
  const page = await browser.newPage();
  await page.setContent("<h1>ocelli</h1>");
  expect(await page.textContent("h1")).toBe("ocelli");
  await browser.close();
});

/** The page /docs of the server of models, in a browser. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApp } from "../../src/serving/api/app.ts";
import { createMetrics } from "../../src/serving/api/metrics.ts";
import { createIntake } from "../../src/serving/api/requests/intake.ts";
import { listen, type RunningServer } from "../../src/serving/http.ts";
import type { ServedModel } from "../../src/serving/models/served-model.ts";
import { inlineWorkers } from "../../src/testing/served-models.ts";
import { hasChromium, openBrowser, openPage } from "../chromium.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [390, 1440] as const;
const SCHEMES = ["light", "dark"] as const;

const model: ServedModel = {
  ...{
    name: "insects",
    platform: "ocelli",
    inputs: [],
    outputs: [],
    classes: ["ants", "bees"],
    queueLength: 0,
    isFull: false,
    longestRun: 0,
  },
  enter: () => ({ predict: async () => Float32Array.of(0, 2), infer: async () => ({}), leave() {} }),
  close: async () => {},
};

describe.skipIf(!hasChromium)("/docs", () => {
  let browser: Browser;
  let server: RunningServer;
  beforeAll(async () => {
    browser = await openBrowser();
    const app = createApp({
      models: new Map([[model.name, model]]),
      ...{ version: "1.2.3", timeoutMs: 1000, maxBody: 1000, metrics: createMetrics(), token: "secret" },
      ...{
        isReady: () => true,
        onBug() {},
        workers: inlineWorkers,
        intake: createIntake({ perClient: 9, maxBody: 1000 }),
      },
    });
    server = await listen(app, { port: 0 });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  /** The page, and what its console says. */
  async function open(options: { width: number; colorScheme: "light" | "dark" }): Promise<[Page, string[]]> {
    const { width, colorScheme } = options;
    const page = await openPage(browser, { viewport: { width, height: 900 }, colorScheme });
    const said: string[] = [];
    page.on("console", (message) => said.push(message.text()));
    page.on("pageerror", (error) => said.push(error.message));
    await page.goto(`${server.url}/docs`);
    return [page, said];
  }

  test.each(WIDTHS.flatMap((width) => SCHEMES.map((colorScheme) => ({ width, colorScheme }))))(
    "$width pixels, $colorScheme: fits, says nothing to the console, classifies a picture",
    async (options) => {
      const [page, said] = await open(options);
      await page.getByLabel("Model").fill("insects");
      await page.getByLabel("Token").fill("secret");
      const file = { name: "a.png", mimeType: "image/png", buffer: Buffer.from("picture") };
      await page.getByLabel("Picture").setInputFiles(file);
      await page.getByRole("button", { name: "Classify" }).click();
      await page.locator("#answer meter").first().waitFor();
      expect(await page.locator("#answer").innerText()).toMatch(/^bees\s+88\.08%\s+ants\s+11\.92%$/);
      await page.locator("summary").first().click();
      const shown = await page.locator("details[open]").innerText();
      for (const text of [
        "Parameters",
        "top query",
        "at least 1, 5 by default",
        "Body",
        "multipart/form-data",
        "Answers",
      ])
        expect(shown).toContain(text);
      expect(shown).toMatch(
        /probability: number[\s\S]+"probability": 0\.8808[\s\S]+429 The queue is full[\s\S]+"error": /,
      );
      await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })");
      const widest = await page.evaluate("document.documentElement.scrollWidth");
      expect(widest).toBeLessThanOrEqual(options.width);
      const folder = process.env.OCELLI_SCREENSHOTS;
      if (folder)
        await page.screenshot({ path: `${folder}/docs-${options.colorScheme}-${options.width}.png`, fullPage: true });
      expect(said).toEqual([]);
      await page.close();
    },
  );

  test("an error is told on the page; axe finds nothing serious", async () => {
    const [page] = await open({ width: 1440, colorScheme: "light" });
    await page.getByLabel("Model").fill("insects");
    await page.getByLabel("Token").fill("secret");
    await page
      .getByLabel("Picture")
      .setInputFiles({ name: "a.png", mimeType: "image/png", buffer: Buffer.alloc(2000) });
    await page.getByRole("button", { name: "Classify" }).click();
    await page.getByText("expected at most 1000 bytes").waitFor();
    await page.evaluate(AXE);
    const violations = (await page.evaluate("axe.run().then(({ violations }) => violations)")) as {
      id: string;
      impact: string;
    }[];
    expect(
      violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id }) => id),
    ).toEqual([]);
    await page.close();
  });
});

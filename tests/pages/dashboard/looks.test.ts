/** Every page of the dashboard in a browser: it fits, it is accessible, and an empty folder says how to begin. */
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasChromium, openPage } from "../../chromium.ts";
import { openDashboard } from "../../cli/dashboard.ts";
import { emptyFolder } from "../../cli/ocelli.ts";
import { seriousFindings } from "../findings.ts";
import { dashboardPages } from "./pages.ts";

const { browser, looking } = dashboardPages({ isTrained: true });

/** Each page, and what is on it once it is there. */
const PAGES = [
  ["runs", "/", "tbody th a"],
  ["overview", "/runs/growing", ".chart canvas"],
  ["damaged", "/runs/other%2Fcut", ".notes"],
  ["pictures", "/runs/insects/pictures", ".gallery img"],
  ["picture", "/runs/insects/pictures?picture=0", "dialog img"],
  ["data", "/runs/insects/data", ".gallery img"],
  ["photo", "/runs/insects/data?picture=0", "dialog img"],
  ["bin", "/bin", ".empty"],
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

describe.runIf(hasChromium)("the dashboard: every page fits, is accessible, and says how to begin", () => {
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

  test("an empty folder says how to begin", async () => {
    const empty = emptyFolder();
    writeFileSync(join(empty, "note.txt"), "");
    const other = await openDashboard(empty, [".", "--port", "0"]);
    const page = await openPage(browser());
    await page.goto(other.url);
    await page.getByText("This dashboard asks for its token").waitFor();
    await page.goto(other.link);
    await page.getByText("No runs yet").waitFor();
    expect(page.url()).toBe(`${other.url}/`);
    await page.getByRole("link", { name: "Start the first run" }).click();
    await page.getByRole("heading", { name: "New run" }).waitFor();
    await other.close();
    await page.goBack();
    await page.getByText(/server does not answer/).waitFor();
    await page.close();
    rmSync(empty, { recursive: true });
  });
});

import { describe, expect, test } from "vitest";
import { type App, appOf, failing, picture } from "../../testing/served-models.ts";
import { QueueFull } from "../batching/batch-queue.ts";
import { parseOrigin } from "./cors.ts";

describe("pages of other origins", () => {
  const ORIGIN = "https://example.org";
  const asking = (app: App, path: string, init: RequestInit = picture, origin = ORIGIN) =>
    app.request(path, { ...init, headers: { ...init.headers, origin } });
  const preflight = {
    method: "OPTIONS",
    headers: {
      "access-control-request-method": "POST",
      "access-control-request-headers": "authorization,content-type",
    },
  };
  const list = (text: string | null): string[] => (text ?? "").toLowerCase().split(/, ?/);

  test("are not let in unless their origin is named", async () => {
    const { status, headers } = await asking(appOf(), "/predict");
    expect([status, headers.get("access-control-allow-origin")]).toEqual([200, null]);
    expect((await asking(appOf(), "/predict", preflight)).status).toBe(405);
    const other = await asking(appOf(undefined, { cors: ["https://other.org"] }), "/predict");
    expect([other.status, other.headers.get("access-control-allow-origin")]).toEqual([200, null]);
    expect(list(other.headers.get("vary"))).toContain("origin");
  });

  test("may ask beforehand without the token, and send it", async () => {
    const app = appOf(undefined, { cors: [ORIGIN, "http://localhost:3000"], token: "secret" });
    for (const path of ["/predict", "/models/bees/predict", "/v2/models/bees/infer"]) {
      const { status, headers } = await asking(app, path, preflight);
      expect(status).toBe(204);
      expect(headers.get("access-control-allow-origin")).toBe(ORIGIN);
      expect(list(headers.get("access-control-allow-methods"))).toEqual(expect.arrayContaining(["get", "post"]));
      expect(list(headers.get("access-control-allow-headers"))).toEqual(
        expect.arrayContaining(["authorization", "content-type", "inference-header-content-length"]),
      );
      expect(list(headers.get("vary"))).toContain("origin");
    }
    const authorised = { ...picture, headers: { ...picture.headers, authorization: "Bearer secret" } };
    const answer = await asking(app, "/predict", authorised, "http://localhost:3000");
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([200, "http://localhost:3000"]);
    expect(list(answer.headers.get("access-control-expose-headers"))).toContain("inference-header-content-length");
    expect(answer.headers.get("access-control-allow-credentials")).toBeNull();
  });

  test("read errors too", async () => {
    const app = appOf([failing(new QueueFull())], { cors: [ORIGIN], token: "secret" });
    const refused = await asking(app, "/predict");
    expect([refused.status, refused.headers.get("access-control-allow-origin")]).toEqual([401, ORIGIN]);
    const headers = { ...picture.headers, authorization: "Bearer secret" };
    for (const [path, status] of [
      ["/predict", 429],
      ["/models/wasps/predict", 404],
      ["/nowhere", 404],
    ] as const) {
      const answer = await asking(app, path, { ...picture, headers });
      expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([status, ORIGIN]);
      expect(list(answer.headers.get("access-control-expose-headers"))).toContain("retry-after");
    }
  });

  test("* is any", async () => {
    const { headers } = await asking(appOf(undefined, { cors: ["*"] }), "/predict");
    expect(headers.get("access-control-allow-origin")).toBe("*");
  });

  test.each([
    ["https://example.org", "https://example.org"],
    ["https://Example.org:443/", "https://example.org"],
    ["http://localhost:3000", "http://localhost:3000"],
    ["*", "*"],
    ["null", "null"],
  ])("%s is an origin", (text, origin) => {
    expect(parseOrigin(text)).toBe(origin);
  });

  test.each([
    "example.org",
    "https://example.org/page",
    "ftp://example.org",
    "",
    "https://*.example.org",
    "https://me@example.org",
    "https://a, https://b",
  ])('"%s" is none', (text) => {
    expect(() => parseOrigin(text)).toThrow(/^--cors: expected an origin/);
  });
});

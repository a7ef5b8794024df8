import { describe, expect, test } from "vitest";
import { answerOf, appOf, picture } from "../../testing/served-models.ts";

const HERE = "http://127.0.0.1:8000";
const status = async (headers: Record<string, string>, more: Parameters<typeof appOf>[1] = {}, path = "/predict") => {
  const app = appOf(undefined, { isLocal: true, ...more });
  const init = path === "/predict" ? { ...picture, headers: { ...picture.headers, ...headers } } : { headers };
  return (await answerOf(app, path, init)).status;
};

describe("a server of this machine alone, without a token", () => {
  test.each(["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "127.0.0.1"])(
    "answers its own host %s",
    async (host) => {
      expect(await status({ host })).toBe(200);
    },
  );
  test.each(["example.org", "127.0.0.1.example.org", "evil-127.0.0.1", "localhost.example.org:8000", ""])(
    "refuses the host %j",
    async (host) => {
      expect(await status({ host })).toBe(403);
      expect(await status({ host }, {}, "/v2/health/live")).toBe(403);
    },
  );
  test("refuses pages of other origins, also those that send no Origin; its own may ask", async () => {
    const host = "127.0.0.1:8000";
    expect(await status({ host, origin: "https://example.org" })).toBe(403);
    expect(await status({ host, origin: "null" })).toBe(403);
    expect(await status({ host, origin: "http://127.0.0.1:9000" })).toBe(403);
    expect(await status({ host, "sec-fetch-site": "cross-site" }, {}, "/models")).toBe(403);
    expect(await status({ host, "sec-fetch-site": "same-site" }, {}, "/models")).toBe(403);
    expect(await status({ host, origin: HERE, "sec-fetch-site": "same-origin" })).toBe(200);
  });
  test("lets pages ask that were named, or all", async () => {
    const headers = { host: "127.0.0.1:8000", origin: "https://example.org", "sec-fetch-site": "cross-site" };
    expect(await status(headers, { cors: ["https://example.org"] })).toBe(200);
    expect(await status(headers, { cors: ["https://example.com"] })).toBe(403);
    expect(await status(headers, { cors: ["*"] })).toBe(200);
  });
});

test("others answer whatever host they are called by", async () => {
  expect(await status({ host: "models.example.org", origin: "https://example.org" }, { isLocal: false })).toBe(200);
});

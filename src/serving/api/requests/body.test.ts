/** Bodies that come slowly, on a clock of the test. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { answerOf, appOf } from "../../../testing/served-models.ts";
import { createMetrics } from "../metrics.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
afterEach(() => void vi.useRealTimers());

/** A body of which `bytes` come every `every` milliseconds, `times` times; then it goes on or ends. */
function dripping({
  bytes,
  every,
  times,
}: {
  bytes: number;
  every: number;
  times: number;
}): ReadableStream<Uint8Array> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, every));
      if (sent++ === times) controller.close();
      else controller.enqueue(new Uint8Array(bytes));
    },
  });
}

/** What is answered to such a body, and after how many milliseconds. */
async function answerTo(body: ReadableStream<Uint8Array>, timeoutMs = 30_000, metrics = createMetrics()) {
  const app = appOf(undefined, { timeoutMs, maxBody: 1e6, metrics });
  const headers = { "content-type": "image/png" };
  const began = performance.now();
  const coming = answerOf(app, "/predict", { method: "POST", headers, body, duplex: "half" } as RequestInit);
  let after = Number.NaN;
  void coming.then(() => {
    after = performance.now() - began;
  });
  await vi.advanceTimersByTimeAsync(100_000);
  return { ...(await coming), after };
}

test("below a KiB a second the body is given up after 5 s, counted as 408, and its connection closed", async () => {
  const metrics = createMetrics();
  const { status, headers, body, after } = await answerTo(
    dripping({ bytes: 1, every: 2000, times: 100 }),
    30_000,
    metrics,
  );
  expect(body).toMatchObject({ error: "body: expected all of it but it comes too slowly." });
  expect([status, headers.get("connection")]).toEqual([408, "close"]);
  expect(after).toBeGreaterThanOrEqual(5000);
  expect(after).toBeLessThan(5010); // 5 s, and 2 ms for the two bytes that came
  expect(await metrics.text()).toContain('ocelli_requests_total{route="/predict",method="POST",status="408"} 1');
});

test("above it the body may take as long as the timeout says, and no longer", async () => {
  expect(await answerTo(dripping({ bytes: 2100, every: 2000, times: 9 }))).toMatchObject({ status: 200 });
  expect(await answerTo(dripping({ bytes: 2100, every: 2000, times: 90 }))).toMatchObject({
    status: 408,
    after: 30_000,
  });
  expect(await answerTo(dripping({ bytes: 9, every: 900, times: 90 }), 1000)).toMatchObject({
    status: 408,
    after: 1000,
  });
});

test("a large body that is there at once leaves others their turns of the loop", async () => {
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns++;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  const parts = Array.from({ length: 12 }, () => new Uint8Array(1 << 16));
  await answerOf(appOf(undefined, { maxBody: 1e6 }), "/predict", {
    method: "POST",
    headers: { "content-type": "image/png" },
    body: ReadableStream.from(parts),
    duplex: "half",
  } as RequestInit);
  isDone = true;
  expect(turns).toBeGreaterThanOrEqual(8); // one for each part beyond the first 256 KiB
});

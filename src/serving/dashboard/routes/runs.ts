/** Runs: the list, one of them, what happens to them. */
import { join } from "node:path";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { readOwnBytes } from "../../../own-file.ts";
import type { Dashboard } from "../dashboard.ts";
import { mayBeOpened } from "../runs/detail.ts";
import { findRun } from "../runs/find.ts";
import { sendChanges, sendLive } from "../runs/live.ts";
import { readLog } from "../runs/log.ts";
import { forbidden, missing } from "../status-error.ts";
import { byteSchema, checked } from "./checked.ts";

/** What a report may do that came with a run's folder: show itself, and nothing else. */
const REPORT_POLICY =
  "sandbox allow-scripts; default-src 'none'; img-src data:; font-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'";

/** The routes under `/api/`. */
export function runRoutes(dashboard: Dashboard): Hono {
  const { runs } = dashboard;
  const app = new Hono();
  app.get("/runs", async (context) => context.json(await dashboard.list()));
  app.get("/events", (context) => streamSSE(context, (stream) => sendChanges(stream, dashboard.list)));
  app.get("/runs/:id", async (context) => context.json(await dashboard.detail(context.req.param("id"))));
  app.get("/runs/:id/log", async (context) => {
    const lines = await readLog(await findRun(runs, context.req.param("id")));
    return context.json({ lines });
  });
  app.get("/runs/:id/events", async (context) => {
    const id = context.req.param("id");
    const path = await dashboard.liveFolder(id);
    const after = checked(byteSchema, context.req.header("last-event-id") ?? context.req.query("after"));
    return streamSSE(context, (stream) => sendLive(stream, { path, after, state: () => dashboard.live(id) }));
  });
  app.get("/runs/:id/files/:name", async (context) => {
    const name = context.req.param("name");
    const path = await findRun(runs, context.req.param("id"));
    if (!mayBeOpened(name)) throw forbidden(`"${name}": expected a picture or the report of the run.`);
    const bytes = await readOwnBytes(join(path, name)).catch(() => undefined);
    if (!bytes) throw missing(`"${name}": the run has no such file.`, "Open another.");
    const isReport = name.endsWith(".html");
    return context.body(new Uint8Array(bytes), 200, {
      "content-type": isReport ? "text/html; charset=utf-8" : "image/png",
      ...(isReport && { "content-security-policy": REPORT_POLICY }),
      "cache-control": "no-cache",
    });
  });
  return app;
}

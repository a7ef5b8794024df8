/** The dashboard's server: a Hono app over a folder of runs. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { messageOf, UserError } from "../../errors.ts";
import type { ErrorAnswer, EvaluationState, LiveState, RunDetail, RunList } from "./api.ts";
import { guard } from "./guard.ts";
import { servePage } from "./page.ts";
import { mayBeOpened, readDetail } from "./runs/detail.ts";
import { createRunReader } from "./runs/entry.ts";
import { findRun, findRuns, type RunsFolder } from "./runs/find.ts";
import { sendChanges, sendLive } from "./runs/live.ts";
import { missing, StatusError } from "./status-error.ts";

/** What the dashboard is of. */
export interface DashboardOptions {
  readonly runs: RunsFolder;
  /** The folder of the built page. */
  readonly page: string;
}

const none: EvaluationState = { state: "none", done: 0, total: 0, error: null };

/** What answers the dashboard's requests. */
export function dashboardApp({ runs, page }: DashboardOptions): Hono {
  const app = new Hono();
  const reader = createRunReader();
  const list = async (): Promise<RunList> => {
    const ids = await findRuns(runs);
    const read = await Promise.all(ids.map((id) => reader.read(join(runs.root, id), id)));
    return { folder: runs.name, runs: read.map(({ entry }) => entry) };
  };
  const detail = async (id: string): Promise<RunDetail> =>
    readDetail({ path: await findRun(runs, id), id, reader }, { job: null, evaluation: none });
  const live = async (id: string): Promise<LiveState> => {
    const { entry } = await reader.read(join(runs.root, id), id);
    return { state: entry.state, job: null, evaluation: none };
  };

  app.use(guard());
  app.onError((error, context) => {
    const status = error instanceof StatusError ? error.status : error instanceof UserError ? 400 : 500;
    const hint = error instanceof UserError ? error.hint : "This is a bug in ocelli: please report it.";
    const answer: ErrorAnswer = { error: { message: messageOf(error), hint } };
    return context.json(answer, status);
  });
  app.get("/api/runs", async (context) => context.json(await list()));
  app.get("/api/events", (context) => streamSSE(context, (stream) => sendChanges(stream, list)));
  app.get("/api/runs/:id", async (context) => context.json(await detail(context.req.param("id"))));
  app.get("/api/runs/:id/events", async (context) => {
    const id = context.req.param("id");
    const path = await findRun(runs, id);
    const after = Number(context.req.header("last-event-id") ?? context.req.query("after") ?? 0) || 0;
    return streamSSE(context, (stream) => sendLive(stream, { path, after, state: () => live(id) }));
  });
  app.get("/api/runs/:id/files/:name", async (context) => {
    const name = context.req.param("name");
    const path = await findRun(runs, context.req.param("id"));
    const bytes = mayBeOpened(name) ? await readFile(join(path, name)).catch(() => undefined) : undefined;
    if (!bytes) throw missing(`"${name}": the run has no such file.`, "Open another.");
    const type = name.endsWith(".html") ? "text/html; charset=utf-8" : "image/png";
    return context.body(new Uint8Array(bytes), 200, { "content-type": type });
  });
  app.all("/api/*", (context) => {
    throw missing(`"${context.req.path}": there is no such address.`, "Reload the page.");
  });
  app.get("*", servePage(page));
  return app;
}

/** The dashboard's server: a Hono app over a folder of runs. */
import { Hono } from "hono";
import { messageOf, UserError } from "../../errors.ts";
import { purgeBin } from "./actions/bin.ts";
import type { ErrorAnswer } from "./api.ts";
import { limitBody } from "./body-limit.ts";
import { createDashboard, type DashboardOptions } from "./dashboard.ts";
import { guard } from "./guard.ts";
import { servePage } from "./page.ts";
import { actionRoutes } from "./routes/actions.ts";
import { dataRoutes } from "./routes/data.ts";
import { exportRoutes } from "./routes/exports.ts";
import { markRoutes } from "./routes/marks.ts";
import { pictureRoutes } from "./routes/pictures.ts";
import { runRoutes } from "./routes/runs.ts";
import { trainingRoutes } from "./routes/training.ts";
import { requireSession } from "./session.ts";
import { missing, StatusError } from "./status-error.ts";

/** What answers the dashboard's requests. */
export interface DashboardApp {
  readonly fetch: Hono["fetch"];
  /** Stops the training that it started, which saves, and frees its models. */
  close(): Promise<void>;
}

/** A dashboard over a folder of runs. */
export function dashboardApp(options: DashboardOptions): DashboardApp {
  const dashboard = createDashboard(options);
  void purgeBin(options.runs);
  dashboard.list().catch(() => {}); // so that the list is known when a page asks for it, which then hears of errors
  const app = new Hono();
  app.use(guard());
  if (options.token !== undefined) app.use(requireSession(options.token));
  app.onError((error, context) => {
    const status = error instanceof StatusError ? error.status : error instanceof UserError ? 400 : 500;
    const hint = error instanceof UserError ? error.hint : "This is a bug in ocelli: please report it.";
    const answer: ErrorAnswer = { error: { message: messageOf(error), hint } };
    return context.json(answer, status);
  });
  app.on(["POST", "PUT"], "/api/*", limitBody);
  app.route("/api", runRoutes(dashboard));
  app.route("/api", trainingRoutes(dashboard));
  app.route("/api", actionRoutes(dashboard));
  app.route("/api", exportRoutes(dashboard));
  app.route("/api/runs/:id", pictureRoutes(dashboard));
  app.route("/api/runs/:id", dataRoutes(dashboard));
  app.route("/api/runs/:id", markRoutes(dashboard));
  app.all("/api/*", (context) => {
    throw missing(`"${context.req.path}": there is no such address.`, "Reload the page.");
  });
  app.get("*", servePage(options.page));
  return {
    fetch: app.fetch,
    async close() {
      await Promise.all([dashboard.jobs.close(), dashboard.exports.close()]);
      await dashboard.workers.close();
      await dashboard.models.close();
    },
  };
}

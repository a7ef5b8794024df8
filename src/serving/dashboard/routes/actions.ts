/** What people do with runs from the page, besides training: names, notes, deletion and its undoing. */
import { Hono } from "hono";
import { z } from "zod";
import { deleteRun, listBin, removeForGood, restoreRun } from "../actions/bin.ts";
import { inTraining, renameRun, requireIdle, writeNote } from "../actions/changes.ts";
import type { DeletedRun, StartedRun } from "../api.ts";
import type { Dashboard } from "../dashboard.ts";
import { findRun } from "../runs/find.ts";
import { conflict } from "../status-error.ts";
import { checked } from "./checked.ts";

const nameSchema = z.object({ name: z.string() });
const noteSchema = z.object({ note: z.string() });
/** The routes under `/api/`. */
export function actionRoutes({ runs, jobs, exports, evaluations }: Dashboard): Hono {
  const app = new Hono();
  /** A run whose folder may be moved: nothing writes into it or reads from it. */
  const restingRun = async (id: string): Promise<string> => {
    if (runs.only !== undefined)
      throw conflict(
        "This dashboard is of a single run, which stays.",
        "Start it with the folder of runs: ocelli ui runs",
      );
    const path = await findRun(runs, id);
    if (jobs.isActive(id)) throw inTraining(id);
    await requireIdle(path, id);
    const isBusy = exports.isRunning(path) || (await evaluations.state(path)).state === "running";
    if (isBusy) throw conflict(`run "${id}": expected a run at rest but its model is in use.`, "Wait a moment.");
    return path;
  };
  app.post("/runs/:id/rename", async (context) => {
    const id = context.req.param("id");
    const { name } = checked(nameSchema, await context.req.json().catch(() => undefined));
    await restingRun(id);
    const to = await renameRun(runs, id, name);
    jobs.moved(id, to);
    const renamed: StartedRun = { id: to };
    return context.json(renamed);
  });
  app.put("/runs/:id/note", async (context) => {
    const { note } = checked(noteSchema, await context.req.json().catch(() => undefined));
    return context.json({ note: await writeNote(await findRun(runs, context.req.param("id")), note) });
  });
  app.delete("/runs/:id", async (context) => {
    const id = context.req.param("id");
    await restingRun(id);
    const deleted: DeletedRun = await deleteRun(runs, id);
    jobs.moved(id, null);
    return context.json(deleted);
  });
  app.get("/bin", async (context) => context.json(await listBin(runs)));
  app.post("/bin/:entry/restore", async (context) => {
    const restored: StartedRun = { id: await restoreRun(runs, context.req.param("entry")) };
    return context.json(restored);
  });
  app.delete("/bin/:entry", async (context) => {
    await removeForGood(runs, context.req.param("entry"));
    return context.json({});
  });
  return app;
}

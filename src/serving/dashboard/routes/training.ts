/** Training from the page: the form, and processes that are started and stopped. */
import { Hono } from "hono";
import { z } from "zod";
import { UserError } from "../../../errors.ts";
import { requireIdle } from "../actions/changes.ts";
import type { Note, ResumeRequest, StartedRun, TrainForm } from "../api.ts";
import type { Dashboard } from "../dashboard.ts";
import { findRun } from "../runs/find.ts";
import { StatusError } from "../status-error.ts";
import { checkTraining, FIELDS, MODEL_NAMES, type Values } from "../training/form.ts";
import { checked } from "./checked.ts";

const valuesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

const resumeSchema = z.object({
  epochs: z.number().optional(),
  unfreeze: z.boolean().optional(),
  lr: z.number().optional(),
  from: z.enum(["best", "last"]).optional(),
});

/** Throws where a value can be none; what goes together is the command's to say. */
function checkResume({ epochs, lr }: ResumeRequest): void {
  if (epochs !== undefined && !(Number.isInteger(epochs) && 0 < epochs))
    throw new UserError(`--epochs: expected a whole number of at least 1 but got ${epochs}.`, "Give another value.");
  if (lr !== undefined && !(Number.isFinite(lr) && 0 < lr))
    throw new UserError(`--lr: expected a number above 0 but got ${lr}.`, "Give another value, or leave it out.");
}

async function valuesIn(json: Promise<unknown>): Promise<Values> {
  const values = valuesSchema.safeParse(await json.catch(() => undefined));
  if (values.success) return values.data;
  throw new UserError("request: expected settings with their values.", "Reload the page.");
}

/** The routes under `/api/`. */
export function trainingRoutes({ runs, jobs }: Dashboard): Hono {
  const refusal: Note | null =
    runs.only === undefined
      ? null
      : { message: "This dashboard is of a single run.", hint: "Start it with the folder of runs: ocelli ui runs" };
  const app = new Hono();
  app.get("/train", (context) => {
    const form: TrainForm = { fields: FIELDS, models: MODEL_NAMES, refusal };
    return context.json(form);
  });
  app.post("/train/check", async (context) => context.json(await checkTraining(await valuesIn(context.req.json()))));
  app.post("/train", async (context) => {
    if (refusal) throw new StatusError(409, refusal.message, refusal.hint);
    const values = await valuesIn(context.req.json());
    const { faults, settings } = await checkTraining(values);
    const [fault] = faults;
    if (fault) return context.json({ error: { message: fault.message, hint: fault.hint }, faults }, 400);
    const model = settings.find(({ name }) => name === "model")?.value;
    const started: StartedRun = { id: await jobs.train(values, String(model)) };
    return context.json(started, 201);
  });
  app.post("/runs/:id/stop", async (context) => {
    jobs.stop(context.req.param("id"));
    return context.json({}, 202);
  });
  app.post("/runs/:id/resume", async (context) => {
    const id = context.req.param("id");
    const path = await findRun(runs, id);
    const changes = checked(resumeSchema, await context.req.json().catch(() => ({})));
    await requireIdle(path, id);
    checkResume(changes);
    jobs.resume(id, changes);
    return context.json({}, 202);
  });
  return app;
}

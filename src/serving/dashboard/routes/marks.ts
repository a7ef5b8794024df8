/** What people say of photos. */
import { Hono } from "hono";
import { z } from "zod";
import type { Dashboard } from "../dashboard.ts";
import type { PhotoPlace } from "../pictures/data-set.ts";
import { changeMark, listMarks } from "../pictures/marks.ts";
import { findRun } from "../runs/find.ts";
import { missing } from "../status-error.ts";
import { checked } from "./checked.ts";

const changeSchema = z.object({
  file: z.string(),
  mark: z.union([z.object({ label: z.string() }), z.object({ excluded: z.literal(true) }), z.null()]),
});

/** The routes under `/api/runs/:id/`. */
export function markRoutes({ runs, places }: Dashboard): Hono {
  const photosOf = async (id: string): Promise<PhotoPlace> => {
    const place = await places.of(await findRun(runs, id));
    if (place.kind === "photos") return place;
    throw missing("expected photos in files but the run's pictures are in none.", "Marks are for photos.");
  };
  const app = new Hono();
  app.get("/marks", async (context) => context.json(await listMarks(await photosOf(context.req.param("id") ?? ""))));
  app.put("/marks", async (context) => {
    const { file, mark } = checked(changeSchema, await context.req.json().catch(() => undefined));
    return context.json(await changeMark(await photosOf(context.req.param("id") ?? ""), file, mark));
  });
  return app;
}

/** The pictures of a run's data set, those to train with too: plain, as they are on disk. */
import { type Context, Hono } from "hono";
import { z } from "zod";
import type { Dashboard } from "../dashboard.ts";
import { dataPicture, dataSelectionSchema, selectDataPictures, summaryOf } from "../pictures/data-part.ts";
import { photoFile, samplePng } from "../pictures/data-set.ts";
import { marksOf } from "../pictures/marks.ts";
import { findRun } from "../runs/find.ts";
import { missing } from "../status-error.ts";
import { checked, indexSchema, sideSchema } from "./checked.ts";

const partSchema = z.enum(["train", "val"]);

/** The routes under `/api/runs/:id/`. */
export function dataRoutes({ runs, models, places, thumbnails }: Dashboard): Hono {
  const app = new Hono();
  const runOf = (context: Context): Promise<string> => findRun(runs, context.req.param("id") ?? "");
  const shown = async (context: Context) => {
    const run = await runOf(context);
    const place = await places.of(run);
    const part = checked(partSchema, context.req.param("part"));
    const index = checked(indexSchema, context.req.param("index"));
    const picture = dataPicture(place, part, { index, marks: await marksOf(place) });
    if (!picture) throw missing(`picture ${index}: there is none.`, "Close it, and choose another.");
    const content = place.kind === "pixels" ? samplePng(place, part, index) : photoFile(place, picture.file ?? "");
    return { run, place, picture, content: await content };
  };
  app.get("/data", async (context) => context.json(summaryOf(await places.of(await runOf(context)))));
  app.get("/data/:part", async (context) => {
    const place = await places.of(await runOf(context));
    const selection = checked(dataSelectionSchema, context.req.query());
    const part = checked(partSchema, context.req.param("part"));
    return context.json(selectDataPictures(place, part, { ...selection, marks: await marksOf(place) }));
  });
  app.get("/data/:part/:index", async (context) => context.json((await shown(context)).picture));
  app.get("/data/:part/:index/image", async (context) => {
    const { place, content } = await shown(context);
    const side = checked(sideSchema, context.req.query("side"));
    const bytes =
      place.kind === "photos" && typeof content === "string"
        ? await thumbnails.of(content, { side, orient: place.exif })
        : (content as Uint8Array);
    const headers = { "content-type": "image/png", "cache-control": "private, max-age=600" };
    return context.body(new Uint8Array(bytes), 200, headers);
  });
  app.post("/data/:part/:index/classify", async (context) => {
    const { run, picture, content } = await shown(context);
    return context.json(
      await models.classify(run, content, { name: picture.file ?? "picture", client: context.req.raw.signal }),
    );
  });
  return app;
}

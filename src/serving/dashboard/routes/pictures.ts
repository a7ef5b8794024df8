/** Pictures: those of the validation set with their predictions, what people say of them, and others that are classified. */
import { type Context, Hono } from "hono";
import type { Marks } from "../../../data/index.ts";
import type { Dashboard } from "../dashboard.ts";
import { photoFile, samplePng } from "../pictures/data-set.ts";
import { marksOf } from "../pictures/marks.ts";
import type { Places } from "../pictures/places.ts";
import { reportOn, selectionSchema, selectPictures, shownPicture } from "../pictures/select.ts";
import { findRun } from "../runs/find.ts";
import { missing } from "../status-error.ts";
import { checked, indexSchema, sideSchema } from "./checked.ts";

/** What people say of the photos of a run; nothing if its pictures are no photos, or are not there. */
async function marksIn(places: Places, run: string): Promise<Marks> {
  const place = await places.of(run).catch(() => undefined);
  return place ? marksOf(place) : {};
}

/** What errors call a picture that was sent. */
const nameOf = (context: Context): string => `"${context.req.query("name")?.slice(0, 200) || "picture"}"`;

/** The routes under `/api/runs/:id/`. */
export function pictureRoutes({ runs, evaluations, models, places, thumbnails }: Dashboard): Hono {
  const app = new Hono();
  const runOf = (context: Context): Promise<string> => findRun(runs, context.req.param("id") ?? "");
  /** A picture of the validation set: its file, or its bytes. */
  const pictureOf = async (run: string, index: number): Promise<string | Uint8Array> => {
    const place = await places.of(run);
    if (place.kind === "pixels") return samplePng(place, "val", index);
    const file = (await evaluations.predictions(run)).samples[index]?.file;
    if (typeof file !== "string") throw missing(`picture ${index}: there is none.`, "Evaluate the run again.");
    return photoFile(place, file);
  };
  app.post("/evaluation", async (context) => {
    const run = await runOf(context);
    evaluations.start(run);
    return context.json(await evaluations.state(run), 202);
  });
  app.get("/report", async (context) => context.json(reportOn(await evaluations.predictions(await runOf(context)))));
  app.get("/pictures", async (context) => {
    const run = await runOf(context);
    const selection = checked(selectionSchema, context.req.query());
    return context.json(selectPictures(await evaluations.predictions(run), selection, await marksIn(places, run)));
  });
  app.get("/pictures/:index", async (context) => {
    const run = await runOf(context);
    const index = checked(indexSchema, context.req.param("index"));
    const picture = shownPicture(await evaluations.predictions(run), index, await marksIn(places, run));
    if (!picture) throw missing(`picture ${index}: there is none.`, "Close it, and choose another.");
    return context.json(picture);
  });
  app.get("/pictures/:index/image", async (context) => {
    const run = await runOf(context);
    const picture = await pictureOf(run, checked(indexSchema, context.req.param("index")));
    const side = checked(sideSchema, context.req.query("side"));
    const place = await places.of(run);
    const bytes =
      typeof picture === "string"
        ? await thumbnails.of(picture, { side, orient: place.kind === "photos" && place.exif })
        : picture;
    const headers = { "content-type": "image/png", "cache-control": "private, max-age=600" };
    return context.body(new Uint8Array(bytes), 200, headers);
  });
  app.post("/pictures/:index/classify", async (context) => {
    const run = await runOf(context);
    const picture = await pictureOf(run, checked(indexSchema, context.req.param("index")));
    return context.json(await models.classify(run, picture, { name: "picture", client: context.req.raw.signal }));
  });
  app.post("/classify", async (context) => {
    const run = await runOf(context);
    const bytes = new Uint8Array(await context.req.arrayBuffer());
    return context.json(await models.classify(run, bytes, { name: nameOf(context), client: context.req.raw.signal }));
  });
  return app;
}

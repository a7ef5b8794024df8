/** Models exported from the page. */
import { Readable } from "node:stream";
import { Hono } from "hono";
import { z } from "zod";
import { openOwn } from "../../../own-file.ts";
import { exportedFile } from "../actions/exports.ts";
import type { Dashboard } from "../dashboard.ts";
import { findRun } from "../runs/find.ts";
import { missing } from "../status-error.ts";
import { checked } from "./checked.ts";

const exportSchema = z.object({
  to: z.enum(["onnx", "pth", "safetensors", "web"]),
  precision: z.enum(["fp32", "fp16", "int8"]),
});

/** The routes under `/api/`. */
export function exportRoutes({ runs, exports }: Dashboard): Hono {
  const app = new Hono();
  app.post("/runs/:id/exports", async (context) => {
    const request = checked(exportSchema, await context.req.json().catch(() => undefined));
    await exports.start(await findRun(runs, context.req.param("id")), request);
    return context.json({}, 202);
  });
  app.get("/runs/:id/exports/:name", async (context) => {
    const name = context.req.param("name");
    const path = exportedFile(await findRun(runs, context.req.param("id")), name);
    const file = await openOwn(path).catch(() => undefined);
    if (!file) throw missing(`"${name}": there is no such exported model.`, "Export it again.");
    const { size } = await file.stat();
    return context.body(Readable.toWeb(file.createReadStream()) as ReadableStream, 200, {
      "content-type": "application/octet-stream",
      "content-length": String(size),
      "content-disposition": `attachment; filename*=UTF-8''${encodeURIComponent(name)}`,
    });
  });
  return app;
}

/** The built page: `dist/web`, which `npm run build` makes of `web/`. */
import { access, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Handler } from "hono";
import { UserError } from "../../errors.ts";
import { lookup } from "../../lookup.ts";
import { missing } from "./status-error.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};

/** Where the page is, seen from the build and from the sources. */
const PLACES = ["../../web/", "../../../dist/web/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));

/** The folder of the built page; a `UserError` if it was not built. */
export async function pageFolder(): Promise<string> {
  for (const folder of PLACES) {
    const found = await access(join(folder, "index.html")).then(
      () => true,
      () => false,
    );
    if (found) return folder;
  }
  throw new UserError("expected the dashboard's page to be built but it is not.", "Build it with: npm run build");
}

/** Gives the files of the page; every other address is one within the page, which gets `index.html`. */
export function servePage(folder: string): Handler {
  return async (context) => {
    const asset = /^\/(assets\/[\w.-]+|[\w-]+\.(?:svg|js))$/.exec(context.req.path)?.[1];
    const name = asset ?? "index.html";
    const bytes = await readFile(join(folder, name)).catch(() => {
      throw missing(`"${context.req.path}": there is no such file.`, "Reload the page.");
    });
    const kept = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    return context.body(new Uint8Array(bytes), 200, {
      "content-type": lookup(TYPES, extname(name)) ?? "application/octet-stream",
      "cache-control": kept,
    });
  };
}

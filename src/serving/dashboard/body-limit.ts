/** How much a page may send. */
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { StatusError } from "./status-error.ts";

const MEGABYTE = 2 ** 20;
/** Megabytes of a picture, and of anything else, which is JSON that people typed. */
const [PICTURE, OTHER] = [32, 1];

const limitOf = (name: string, megabytes: number): MiddlewareHandler =>
  bodyLimit({
    maxSize: megabytes * MEGABYTE,
    onError: () => {
      const message = `${name}: expected at most ${megabytes} MB but it is larger.`;
      throw new StatusError(413, message, "Send a smaller one.");
    },
  });

const [limitPicture, limitOther] = [limitOf("picture", PICTURE), limitOf("request", OTHER)];

/** Refuses (413) a picture to be classified, and any other body, that is larger than it has reason to be. */
export const limitBody: MiddlewareHandler = (context, next) =>
  context.req.path.endsWith("/classify") ? limitPicture(context, next) : limitOther(context, next);

/** The HTTP API of models. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { type ApiContext, errorsOf } from "./context.ts";
import { allowOrigins } from "./cors.ts";
import { docsPage } from "./docs/page.ts";
import { ApiError, apiErrorOf, clientGone, errorAnswer, internalError, stopping } from "./errors.ts";
import { addInferenceRoutes } from "./inference-routes.ts";
import { guardLocal } from "./local-guard.ts";
import type { Metrics } from "./metrics.ts";
import { addPredictRoutes } from "./predict-routes.ts";
import { requireToken } from "./token.ts";

/** What the API is made of. */
export interface AppOptions extends ApiContext {
  readonly metrics: Metrics;
  /** What clients have to send; none where it is undefined. */
  readonly token?: string;
  /** Origins whose pages may ask, `*` for all; only pages of the server itself by default. */
  readonly cors?: readonly string[];
  /** Whether the server is of this machine alone and has no token, so that pages of others may not ask. */
  readonly isLocal?: boolean;
  /** Told of errors that are bugs. */
  readonly onBug: (error: unknown) => void;
}

/** Asked by whoever watches over the server, who has no token. */
const HEALTH = ["/v2/health/live", "/v2/health/ready"];
const [OPENAPI, DOCS] = ["/openapi.json", "/docs"];
/** What needs no token: a browser that opens the page cannot send one. The page then names no models. */
const OPEN = [...HEALTH, OPENAPI, DOCS, "/"];

/** All routes. */
export function createApp(options: AppOptions): OpenAPIHono {
  const { metrics, token, version, onBug, isReady, isLocal = false, cors = [] } = options;
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (result.success) return;
      const [issue] = result.error.issues;
      throw new ApiError(400, `${issue?.path.join(".")}: ${issue?.message}.`, "See /docs for what may be given.");
    },
  });
  app.onError((error, context) => {
    const known = apiErrorOf(error);
    if (known) return errorAnswer(context, known);
    if (context.req.raw.signal.aborted) return errorAnswer(context, clientGone());
    onBug(error);
    return errorAnswer(context, internalError());
  });
  app.notFound((context) => {
    const { method, path } = context.req;
    const allowed = app.routes.filter((route) => route.method !== "ALL" && matches(route.path, path));
    if (allowed.length === 0)
      return errorAnswer(context, new ApiError(404, `there is no ${path}.`, "See /docs for what there is."));
    const methods = [...new Set(allowed.map((route) => route.method))].join(", ");
    const message = `${path}: expected ${methods} but got ${method}.`;
    return errorAnswer(context, new ApiError(405, message, `Use ${methods}.`, { allow: methods }));
  });
  app.use(metrics.middleware);
  if (0 < cors.length) app.use(allowOrigins(cors)); // before the token, which no browser sends when it asks beforehand
  if (isLocal) app.use(guardLocal(cors));
  if (token !== undefined) {
    const check = requireToken(token);
    app.use((context, next) => (OPEN.includes(context.req.path) ? next() : check(context, next)));
  }
  app.use(async (context, next) => {
    if (!isReady() && !HEALTH.includes(context.req.path)) throw stopping();
    return next();
  });
  addPredictRoutes(app, options);
  addInferenceRoutes(app, options);
  app.openAPIRegistry.registerPath({
    ...{ method: "get", path: "/metrics", summary: "Counts and times of requests and batches, for Prometheus" },
    responses: {
      200: { description: "Prometheus' text format", content: { "text/plain": {} } },
      ...errorsOf(401, 403, 503),
    },
  });
  app.get("/metrics", async (context) =>
    context.body(await metrics.text(), 200, { "content-type": metrics.contentType }),
  );
  addDocs(app, { version, hasToken: token !== undefined, models: [...options.models.values()] });
  return app;
}

/** Whether a route's path, such as `/models/:name`, is that of a request. */
function matches(route: string, path: string): boolean {
  const [parts, given] = [route.split("/"), path.split("/")];
  return parts.length === given.length && parts.every((part, at) => part.startsWith(":") || part === given[at]);
}

function addDocs(app: OpenAPIHono, about: Parameters<typeof docsPage>[1] & { version: string }): void {
  const { version, hasToken } = about;
  if (hasToken) app.openAPIRegistry.registerComponent("securitySchemes", "token", { type: "http", scheme: "bearer" });
  const info = { title: "ocelli", version, description: "Image classifiers over HTTP" };
  const document = app.getOpenAPI31Document({ openapi: "3.1.0", info, security: hasToken ? [{ token: [] }] : [] });
  app.get(OPENAPI, (context) => context.json(document));
  const page = docsPage(document, about);
  app.get(DOCS, (context) => context.html(page.html, 200, { "content-security-policy": page.policy }));
  app.get("/", (context) => context.redirect(DOCS));
}

/** What Prometheus is told. */
import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { BatchListener, ServedModel } from "../models/served-model.ts";

/** Counts of one server. */
export interface Metrics {
  /** Counts and times each request by its route. */
  readonly middleware: MiddlewareHandler;
  /** Counts what was answered with that status before its head was whole. */
  onRefused(status: number): void;
  readonly onBatch: BatchListener;
  /** Names the models whose queues are looked at when somebody asks. */
  watch(models: Iterable<ServedModel>): void;
  /** In Prometheus' text form. */
  text(): Promise<string>;
  readonly contentType: string;
}

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128];

/** Counts that begin at 0. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const labelNames = ["route", "method", "status"] as const;
  const requests = new Counter({ name: "ocelli_requests_total", help: "Requests answered", labelNames, registers });
  const duration = { name: "ocelli_request_seconds", help: "From a request's head to its answer", buckets: SECONDS };
  const requestSeconds = new Histogram({ ...duration, labelNames: ["route"], registers });
  const ofModel = { labelNames: ["model"], registers };
  const sizes = { name: "ocelli_batch_size", help: "Pictures of a batch", buckets: SIZES };
  const batchSize = new Histogram({ ...sizes, ...ofModel });
  const computing = {
    name: "ocelli_batch_seconds",
    help: "From handing a batch over to its answers",
    buckets: SECONDS,
  };
  const batchSeconds = new Histogram({ ...computing, ...ofModel });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    onBatch({ model, size, seconds }) {
      batchSize.observe({ model }, size);
      batchSeconds.observe({ model }, seconds);
    },
    watch(models) {
      const watched = [...models];
      new Gauge({
        ...{ name: "ocelli_queue_length", help: "Requests that wait for their batch", ...ofModel },
        collect() {
          for (const { name, queueLength } of watched) this.set({ model: name }, queueLength);
        },
      });
    },
    onRefused(status) {
      requests.inc({ route: "none", method: "none", status });
    },
    async middleware(context, next) {
      const end = requestSeconds.startTimer();
      await next();
      const path = routePath(context, -1);
      const route = path === "/*" ? "none" : path;
      requests.inc({ route, method: context.req.method, status: context.res.status });
      end({ route });
    },
  };
}

/** Models behind an address. */
import { ocelliVersion } from "../../export/card.ts";
import { listen } from "../http.ts";
import { isLoopback, LOOPBACK } from "../loopback.ts";
import { openModels } from "../models/open-models.ts";
import type { ServedModel, ServingLimits } from "../models/served-model.ts";
import { openWorkers } from "../work/threads.ts";
import { createApp } from "./app.ts";
import { isStuck } from "./context.ts";
import { createMetrics } from "./metrics.ts";
import { createIntake } from "./requests/intake.ts";

/** How models are served. */
export interface ServeOptions {
  /** Run folders and files, each alone or as NAME=PATH. */
  readonly models: readonly string[];
  /** The model of a bare state dict. */
  readonly model?: string;
  /** Name of the engine of networks; `auto` by default. */
  readonly engine?: string;
  readonly limits: ServingLimits;
  /** Bytes of a body at most. */
  readonly maxBody: number;
  /** Requests of one client that are on their way at once; half of the queue's places by default. */
  readonly maxClient?: number;
  /** Milliseconds that a request may take to be sent, and again to be answered. */
  readonly timeoutMs: number;
  /** 127.0.0.1 by default. */
  readonly host?: string;
  /** 0 takes any port that is free. */
  readonly port: number;
  /** What clients have to send as `Authorization: Bearer TOKEN`; none by default. */
  readonly token?: string;
  /** Origins whose pages may ask, `*` for all. */
  readonly cors?: readonly string[];
  /** Told of errors that are bugs; the server goes on. */
  readonly onBug: (error: unknown) => void;
}

/** A server with its models. */
export interface ModelServer {
  readonly url: string;
  readonly port: number;
  /** By name; classes of those that take pictures. */
  readonly models: readonly { readonly name: string; readonly classes?: readonly string[] }[];
  /**
   * Refuses what is new, answers what is under way, and ends within the time that an answer may take; the names of models whose
   * runs went on beyond it, whose threads the end of the process has to take with it.
   */
  close(): Promise<readonly string[]>;
}

/** Milliseconds for which a model that is at nothing may take to free what it holds. */
const LAST_PATIENCE = 1000;

/** Closes a model; whether it has closed after so many milliseconds. */
async function closesWithin(milliseconds: number, model: ServedModel): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  return Promise.race([model.close().then(() => true), late]).finally(() => clearTimeout(timer));
}

/** Opens the models and listens. What cannot be opened, and a port that is taken, is a `UserError`. */
export async function serveModels(options: ServeOptions): Promise<ModelServer> {
  const { host = LOOPBACK, port, limits, timeoutMs } = options;
  const metrics = createMetrics();
  const workers = openWorkers(limits.threads);
  const models = await openModels(options.models, { ...options, limits, workers, onBatch: metrics.onBatch });
  const closeModels = async (): Promise<void> => {
    await workers.close();
    await Promise.all(Array.from(models.values(), (model) => model.close()));
  };
  metrics.watch(models.values());
  let isReady = true;
  const isLocal = options.token === undefined && isLoopback(host);
  const perClient = options.maxClient ?? Math.ceil(limits.maxQueue / 2);
  const intake = createIntake({ perClient, maxBody: options.maxBody });
  const own = { metrics, models, workers, intake, isLocal, version: ocelliVersion(), isReady: () => isReady };
  const app = createApp({ ...options, ...own });
  try {
    const server = await listen(app, { host, port, receiveTimeoutMs: timeoutMs, onRefused: metrics.onRefused });
    return {
      ...{ url: server.url, port: server.port },
      models: Array.from(models.values(), ({ name, classes }) => ({ name, classes })),
      async close() {
        isReady = false;
        const end = performance.now() + timeoutMs;
        await server.close(timeoutMs);
        await workers.close();
        const patience = Math.max(LAST_PATIENCE, end - performance.now());
        const left = Array.from(models.values(), async (model) => {
          const isClosed = await closesWithin(isStuck(model, { timeoutMs }) ? 0 : patience, model);
          return isClosed ? [] : [model.name];
        });
        return (await Promise.all(left)).flat();
      },
    };
  } catch (error) {
    await closeModels();
    throw error;
  }
}

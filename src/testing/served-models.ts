/** Models that are served without any engine, for tests of routes. */
import { type AppOptions, createApp } from "../serving/api/app.ts";
import { createMetrics } from "../serving/api/metrics.ts";
import { createIntake } from "../serving/api/requests/intake.ts";
import { readQuestion, type SentMessage } from "../serving/api/tensors/messages.ts";
import type { ServedModel, Visit } from "../serving/models/served-model.ts";

const Y = [{ name: "y", type: "float32", shape: [1] }] as const;

/** A model whose answers are those of `visit`. */
export function fakeModel(visit: Partial<Visit> = {}, more: Partial<ServedModel> = {}): ServedModel {
  return {
    ...{
      name: "bees",
      platform: "ocelli",
      inputs: [],
      outputs: Y,
      classes: ["ant", "bee"],
      queueLength: 0,
      isFull: false,
      longestRun: 0,
    },
    enter: () => ({
      predict: async () => Float32Array.of(0, 1),
      infer: async () => ({ y: { type: "float32", shape: [1], data: Float32Array.of(7) } }),
      leave() {},
      ...visit,
    }),
    close: async () => {},
    ...more,
  };
}

/** Reads messages at once, without a thread. */
export const inlineWorkers = { question: async (message: SentMessage) => readQuestion(message) };

/** An application that serves such models. */
export function appOf(models: readonly ServedModel[] = [fakeModel()], more: Partial<AppOptions> = {}) {
  return createApp({
    models: new Map(models.map((model) => [model.name, model])),
    ...{ version: "1.2.3", timeoutMs: 1000, maxBody: 1000, metrics: createMetrics(), isReady: () => true },
    workers: inlineWorkers,
    intake: createIntake({ perClient: 100, maxBody: 1000 }),
    onBug: (error) => {
      throw error;
    },
    ...more,
  });
}

/** A request with a picture. */
export const picture = { method: "POST", headers: { "content-type": "image/png" }, body: "picture" };
/** What `appOf` makes. */
export type App = ReturnType<typeof appOf>;

/** Status of an answer, and what the answer says besides. */
export async function answerOf(app: App, path: string, init: RequestInit = picture) {
  const response = await app.request(path, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as object };
}

/** A model that fails with `error` whatever it is asked. */
export const failing = (error: unknown): ServedModel => fakeModel({ predict: () => Promise.reject(error) });

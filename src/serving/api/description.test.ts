import { describe, expect, test } from "vitest";
import { answerOf, appOf, fakeModel, picture } from "../../testing/served-models.ts";
import { QueueFull } from "../batching/batch-queue.ts";
import type { ServedModel, Visit } from "../models/served-model.ts";
import type { AppOptions } from "./app.ts";

describe("the description", () => {
  interface Described {
    readonly paths: Record<string, Record<string, { parameters?: object[]; responses: Record<string, Answer> }>>;
  }
  interface Answer {
    readonly description: string;
    readonly content: Record<string, { example?: unknown; schema?: object }>;
  }
  const describeApi = async (app = appOf()): Promise<Described> => (await app.request("/openapi.json")).json() as never;

  test("has an example of each answer, and every parameter is explained", async () => {
    const { paths } = await describeApi();
    for (const [path, methods] of Object.entries(paths))
      for (const { parameters = [], responses } of Object.values(methods)) {
        for (const parameter of parameters) expect(parameter, path).toMatchObject({ description: expect.any(String) });
        for (const { content } of Object.values(responses))
          for (const [type, { example }] of Object.entries(content))
            if (type === "application/json") expect(example, path).toBeDefined();
      }
    expect(paths["/v2/models/{name}/infer"]?.post?.parameters).not.toContainEqual(
      expect.objectContaining({ name: "version" }),
    );
  });

  test("has errors as they are answered", async () => {
    const { paths } = await describeApi();
    const documented = (path: string, status: number) =>
      paths[path]?.post?.responses[status]?.content["application/json"]?.example;
    const pets = (visit: Partial<Visit> = {}) => fakeModel(visit, { name: "pets", classes: ["cats", "dogs"] });
    const answers = async (
      model: ServedModel,
      init: RequestInit = picture,
      more: Partial<AppOptions> = {},
      path = "/predict",
    ) => (await answerOf(appOf([model], { maxBody: 20 * 2 ** 20, timeoutMs: 30_000, ...more }), path, init)).body;
    expect(await answers(pets(), { ...picture, body: "" })).toEqual(documented("/predict", 400));
    expect(await answers(pets(), picture, { token: "secret" })).toEqual(documented("/predict", 401));
    expect(await answers(pets(), picture, {}, "/models/wasps/predict")).toEqual(documented("/predict", 404));
    const large = { ...picture, headers: { ...picture.headers, "content-length": String(2 ** 30) } };
    expect(await answers(pets(), large)).toEqual(documented("/predict", 413));
    const packed = { ...picture, headers: { ...picture.headers, "content-encoding": "gzip" } };
    expect(await answers(pets(), packed)).toEqual(documented("/predict", 415));
    expect(await answers(pets({ predict: () => Promise.reject(new QueueFull()) }))).toEqual(
      documented("/predict", 429),
    );
    const nan = pets({ predict: async () => Float32Array.of(0, Number.NaN) });
    expect(await answers(nan)).toEqual(documented("/predict", 500));
    expect(await answers(pets(), picture, { isReady: () => false })).toEqual(documented("/predict", 503));
    const body = JSON.stringify({ inputs: [{ name: "x", shape: [2], datatype: "UINT8", data: [1, 300] }] });
    const infer = { method: "POST", headers: { "content-type": "application/json" }, body };
    expect(await answers(pets(), infer, {}, "/v2/models/pets/infer")).toEqual(
      documented("/v2/models/{name}/infer", 400),
    );
  });
});

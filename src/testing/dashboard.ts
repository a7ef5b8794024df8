/** A dashboard without a server, over a folder with two runs: `plain`, and `photos` with its pictures and predictions. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type DashboardApp, dashboardApp } from "../serving/dashboard/app.ts";
import { OWN_HEADER } from "../serving/dashboard/guard.ts";
import { openRunsFolder } from "../serving/dashboard/runs/find.ts";
import { wavyPng, writeTree } from "./photo-folders.ts";
import { writeRunFolder } from "./run-folders.ts";

/** What a network would have made of the four validation photos, and of two that are not in the data set. */
export const SAMPLES = [
  { file: "val/ants/0.png", class: "ants", predicted: "ants", probability: 0.9, loss: 0.1 },
  { file: "val/ants/1.png", class: "ants", predicted: "bees", probability: 0.8, loss: 1.6 },
  { file: "val/bees/0.png", class: "bees", predicted: "bees", probability: 0.6, loss: 0.5 },
  { file: "val/bees/1.png", class: "bees", predicted: "ants", probability: 0.99, loss: 4.6 },
  { file: "../secret.png", class: "bees", predicted: "bees", probability: 1, loss: 0 },
  { file: "/etc/passwd", class: "bees", predicted: "bees", probability: 1, loss: 0 },
];

async function writeSamples(run: string): Promise<void> {
  const header = { version: 1, classes: ["ants", "bees"], dataSha256: "0", weights: { size: 0, modified: 0 } };
  const lines = [header, ...SAMPLES].map((line) => `${JSON.stringify(line)}\n`);
  await writeFile(join(run, "predictions.jsonl"), lines.join(""));
}

const HEADERS = { host: "127.0.0.1:7860" };
type Headers = Readonly<Record<string, string>>;

/** What tests ask of it. */
export interface TestDashboard {
  /** Holds `runs/`, `photos/`, `page/` and `secret.png`. */
  readonly root: string;
  readonly app: DashboardApp;
  get(path: string, headers?: Headers): Promise<Response>;
  /** With the page's own header, unless `headers` are given. */
  send(method: string, path: string, body: unknown, headers?: Headers): Promise<Response>;
  close(): Promise<void>;
}

/** What an answer holds. */
export const json = async <Answer>(response: Response | Promise<Response>): Promise<Answer> =>
  (await response).json() as Promise<Answer>;

/** Opens one. */
export async function testDashboard(): Promise<TestDashboard> {
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1].map((n) => `photos/${part}/${name}/${n}.png`)),
  );
  const { root, remove } = await writeTree({
    ...Object.fromEntries(names.map((name, seed) => [name, seed])),
    "photos/val/bees/1.png": await wavyPng(9, { width: 1500, height: 700 }),
    "secret.png": 1,
    "page/index.html": "<h1>page</h1>",
    "page/assets/a.js": "1",
  });
  await writeRunFolder(join(root, "runs/plain"));
  await writeRunFolder(join(root, "runs/photos"), { settings: { data: join(root, "photos"), model: "resnet18" } });
  await writeSamples(join(root, "runs/photos"));
  const runs = await openRunsFolder(join(root, "runs"));
  const nothing = (): string[] => ["-e", ""];
  const commands = { train: nothing, resume: nothing, export: nothing };
  const app = dashboardApp({ runs, page: join(root, "page"), commands });
  const ask = async (path: string, init: RequestInit): Promise<Response> =>
    app.fetch(new Request(`http://127.0.0.1:7860${path}`, init));
  return {
    root,
    app,
    get: (path, headers) => ask(path, { headers: { ...HEADERS, ...headers } }),
    send: (method, path, body, headers = { [OWN_HEADER]: "1" }) =>
      ask(path, { method, body: JSON.stringify(body), headers: { ...HEADERS, ...headers } }),
    async close() {
      await app.close();
      await remove();
    },
  };
}

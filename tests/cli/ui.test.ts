/** `ocelli ui` through the real command line: ports, folders, and what it leaves to the next training. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeTree } from "../../src/testing/photo-folders.ts";
import { writeRunFolder } from "../../src/testing/run-folders.ts";
import { openDashboard } from "./dashboard.ts";
import { emptyFolder, failingIn, ocelli, ocelliJson, quickTraining } from "./ocelli.ts";

const cwd = emptyFolder();
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

test("two dashboards on one port: the second takes the next free one and says so; Ctrl-C ends both", async () => {
  mkdirSync(join(cwd, "runs"));
  const first = await openDashboard(cwd, ["--port", "0"]);
  const port = new URL(first.url).port;
  const second = await openDashboard(cwd, ["--port", port]);
  const other = new URL(second.url).port;
  expect(Number(other)).toBeGreaterThan(Number(port));
  expect(second.told()).toContain(`Port ${port} is taken; this dashboard has ${other}.`);
  for (const dashboard of [first, second])
    expect(await (await dashboard.get("/api/runs")).json()).toEqual({ folder: "runs", runs: [] });
  expect([await first.close(), await second.close()]).toEqual([0, 0]);
});

test("a folder that is not there yet is shown as empty, and not made", async () => {
  const dashboard = await openDashboard(cwd, ["empty/runs", "--port", "0"]);
  expect(await (await dashboard.get("/api/runs")).json()).toEqual({ folder: "empty/runs", runs: [] });
  expect(dashboard.told()).toContain(
    'There is no folder "empty/runs" yet: the first run that is trained here makes it.',
  );
  expect(await dashboard.close()).toBe(0);
  expect(existsSync(join(cwd, "empty"))).toBe(false);
});

test("the token is one of its own, or that of OCELLI_TOKEN; --no-token needs none", async () => {
  const statusOf = async (url: string, path = "/api/runs") => (await fetch(url + path)).status;
  const [first, second] = await Promise.all([openDashboard(cwd, ["--port", "0"]), openDashboard(cwd, ["--port", "0"])]);
  expect(first.headers).not.toEqual(second.headers);
  expect([await statusOf(first.url), (await first.get("/api/runs")).status]).toEqual([401, 200]);
  expect((await fetch(`${first.url}/api/runs`, { headers: second.headers })).status).toBe(401);
  const known = await openDashboard(cwd, ["--port", "0"], { OCELLI_TOKEN: "mine" });
  expect([known.headers.authorization, (await known.get("/")).status]).toEqual(["Bearer mine", 200]);
  const open = await openDashboard(cwd, ["--port", "0", "--no-token"], { OCELLI_TOKEN: "mine" });
  expect([open.link, await statusOf(open.url)]).toEqual([open.url, 200]);
  await Promise.all([first, second, known, open].map((dashboard) => dashboard.close()));
});

test("a file, and a wrong port are told in two lines", () => {
  writeFileSync(join(cwd, "file"), "");
  expect(failingIn(cwd, ["ui", "file"], 1).error).toBe('"file": expected a folder of runs but it is a file.');
  expect(failingIn(cwd, ["ui", "--port", "-1"], 1).error).toMatch(/^--port: expected a whole number of at least 0/);
});

test("one run may be given; it alone is shown", async () => {
  await writeRunFolder(join(cwd, "some/one"));
  await writeRunFolder(join(cwd, "some/two"));
  const dashboard = await openDashboard(cwd, ["some/one", "--port", "0"]);
  const { runs } = (await (await dashboard.get("/api/runs")).json()) as { runs: { id: string }[] };
  expect(runs.map(({ id }) => id)).toEqual(["one"]);
  expect((await dashboard.get("/api/runs/two")).status).toBe(403);
  await dashboard.close();
});

test("corrected labels: the next training follows and tells them and keeps a copy, with which it is resumed", async () => {
  const names = ["train", "val"].flatMap((part) =>
    ["ants", "bees"].flatMap((name) => [0, 1, 2].map((n) => `${part}/${name}/${n}.png`)),
  );
  const { root, remove } = await writeTree(Object.fromEntries(names.map((name, seed) => [name, seed])));
  const marks = { version: 1, photos: { "train/ants/0.png": { label: "bees" }, "val/bees/0.png": { excluded: true } } };
  writeFileSync(join(root, "ocelli-labels.json"), JSON.stringify(marks));
  const small = quickTraining(4);
  const { stderr, status } = ocelli(cwd, ["train", root, "--out", "marked", ...small]);
  expect(status, stderr).toBe(0);
  expect(stderr).toContain(`By "${join(root, "ocelli-labels.json")}": 1 photo with another label, 1 photo left out.`);
  expect(stderr).toContain("6 images to train, 5 to validate");
  expect(JSON.parse(readFileSync(join(cwd, "marked/labels.json"), "utf8"))).toEqual(marks);
  const [header, ...samples] = readFileSync(join(cwd, "marked/predictions.jsonl"), "utf8").trim().split("\n");
  expect(JSON.parse(header ?? "")).toMatchObject({ version: 1, classes: ["ants", "bees"] });
  expect(samples.map((line) => JSON.parse(line).file)).toEqual([
    ...["val/ants/0.png", "val/ants/1.png", "val/ants/2.png", "val/bees/1.png", "val/bees/2.png"],
  ]);

  rmSync(join(root, "ocelli-labels.json")); // what was said since is for the next run
  const resumed = ocelliJson<{ epochs: number }>(cwd, ["resume", "marked", "--epochs", "2"]);
  expect(resumed.epochs).toBe(2);
  await remove();
});

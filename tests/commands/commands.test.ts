/** Every command of README, of `--help` and of "try next", run as it is written there. */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ocelli } from "../cli/ocelli.ts";
import { commandTree, examplesIn } from "./command-tree.ts";
import { openWorkplace, type Workplace } from "./workplace.ts";

/** Not ours to run here: the installation, the tests themselves, and what runs `ocelli start`. */
const LEFT_OUT = /^npm (?:ci|start|test)\b/;
/** What is added to commands that would take long, or meet another server on their port. */
const ADDED = [
  [/ocelli (?:serve|ui)\b/, "--port 0"],
  [/ocelli bench\b/, "--steps 2"],
  [/ocelli train photos\b/, "--size 32"],
  [/ocelli train photos (?!.*--(?:unfreeze-at|recipe)\b)/, "--epochs 2"],
  [/--unfreeze-at 5\b/, "--epochs 5"],
  [/ocelli resume runs\/1 .*--epochs 2\d\b/, "--max-steps 6"], // two more than what is tried before comes to
  [/ocelli resume runs\/[ap].*--epochs 2\d\b/, "--max-steps 3"], // two more than the run that is made for them has
  [/--recipe seed\b/, "--max-steps 1 --model squeezenet1_0"],
  [/ocelli train digits\b/, "--max-steps 10"],
] as const;
/** Whose "try next" would take long, and is that of others too: all digits, many epochs of resnet18. */
const NOT_NEXT = /--recipe seed\b|train digits\b|--unfreeze|--epochs 2\d|train photos --model/;

/** The lines of the blocks that are for a shell. */
function readmeCommands(): string[] {
  const blocks = [...readFileSync("README.md", "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(([, block = ""]) => block.trimEnd().split("\n"));
}

const readme = readmeCommands();
const helped = [...(await commandTree()).values()].flatMap(({ examples }) => examples);
const first = examplesIn(ocelli(".", ["--help"]).stdout);
/** Those of export come first, since others read what they write. */
const help = [...new Set([...helped, ...first])]
  .filter((line) => !readme.some((other) => other.replace(/^npx | +#.*$/g, "") === line))
  .toSorted((a, b) => Number(b.startsWith("ocelli export")) - Number(a.startsWith("ocelli export")));

/** The line as it is run: with what makes it short, and no server on an address that others reach. */
function asRun(line: string): string {
  const command = line.replace(/ +#.*$/, "").replace("--host 0.0.0.0", "--host 127.0.0.2");
  const added = ADDED.filter(([of]) => of.test(command)).map(([, flags]) => ` ${flags}`);
  return added.length === 0
    ? command
    : `${command.replace(/ > .*$/, "")}${added.join("")}${/ > .*$/.exec(command)?.[0] ?? ""}`;
}

/** The commands that an output says to try next, with a picture for those that want some. */
function triedNext(stdout: string, picture: string): string[] {
  const [, next = ""] = stdout.split(/^try next/m);
  return [...next.matchAll(/(?:npx )?ocelli (?:(?! · | {2}|\n).)+/g)].map(([line]) => line.replace(/IMAGE…?/, picture));
}

let place: Workplace;
beforeAll(async () => {
  place = await openWorkplace();
});
afterAll(() => place?.close());

async function fine(line: string): Promise<string> {
  const { code, stdout, stderr } = await place.run(line);
  expect(code, `${line}\n${stdout}\n${stderr}`).toBe(0);
  return stdout;
}

/** Asks a server what a person asks it first, and stops it as a person does. */
async function visit(line: string): Promise<void> {
  const { url, stop } = await place.serve(line);
  const { origin, searchParams } = new URL(url); // a dashboard's address holds its token
  const headers = { authorization: `Bearer ${searchParams.get("token") ?? "secret"}` };
  const answer = await fetch(line.includes("ocelli ui") ? `${origin}/api/runs` : `${origin}/models`, { headers });
  expect(answer.status).toBe(200);
  const { code, stderr } = await stop();
  expect(code, stderr).toBe(0);
}

/** What was tried next, whatever the run. */
const tried = new Set<string>();

async function perform(line: string): Promise<void> {
  const command = asRun(line);
  if (/ocelli (?:serve|ui)\b/.test(command)) return visit(command);
  const stdout = await fine(command);
  if (NOT_NEXT.test(command)) return;
  for (const next of triedNext(stdout, /photos/.test(command) ? "bee.jpg" : "three.png")) {
    const kind = next.replaceAll(/runs\/[\w-]+/g, "RUN");
    if (!tried.has(kind)) await fine(next);
    tried.add(kind);
  }
}

describe("README", () => {
  test.each(readme.filter((line) => !LEFT_OUT.test(line)))("%s", perform);

  test("the lines that are left out are those of npm", () => {
    const left = readme.filter((line) => LEFT_OUT.test(line)).map((line) => line.replace(/ +#.*$/, ""));
    expect(left).toEqual(["npm ci && npm start", "npm ci && npm test"]);
  });

  test("weights were fetched once from where they are published", () => {
    expect(place.fetched.toSorted()).toEqual(["/resnet18.pth", "/squeezenet1_0.pth"]);
  });

  test("a server is asked with curl as it says", async () => {
    const line = readme.find((one) => one.includes("ocelli serve")) ?? "";
    const [, curl = ""] = /# (curl .+)$/.exec(line) ?? [];
    const { url, stop } = await place.serve(asRun(line));
    const answer = JSON.parse(await fine(curl.replace("http://127.0.0.1:8000", url))) as { top: { class: string }[] };
    expect(answer.top.map(({ class: name }) => name).toSorted()).toEqual(["ants", "bees"]);
    expect((await stop()).code).toBe(0);
  });
});

describe("--help", () => {
  beforeAll(async () => {
    // the runs and files that the examples name
    await fine(
      "ocelli train photos --weights none --size 32 --freeze backbone --epochs 1 --out runs/photos-resnet18-1",
    );
    await fine("cp -r runs/photos-resnet18-1 runs/ants-and-bees && mkdir moved && cp -r photos moved");
    for (const name of ["digits-mnist-cnn-2", "mnist-mnist-cnn-1", "a", "b"])
      await fine(`cp -r runs/first runs/${name}`);
    await fine("cp runs/first/best.pth weights.pth");
    // a run that was stopped within its first epoch
    await fine("ocelli train mnist --batch-size 8 --max-steps 2 --out runs/digits-mnist-cnn-1");
    await fine(`sed -i '/"maxSteps"/{n;s/2/0/}' runs/digits-mnist-cnn-1/config.json`);
    await fine("ocelli export runs/first --out digits.onnx && cp digits.onnx ants-int8.onnx");
  });

  test.each(help.filter((line) => !LEFT_OUT.test(line)))("%s", perform);
});

test("what helps where official weights are out of reach", async () => {
  const { code, stderr } = await place.run(
    "ocelli train photos --model squeezenet1_1 --size 32 --max-steps 1 --out 'my run'",
  );
  expect(code).toBe(1);
  const commands = [...stderr.matchAll(/: (ocelli .+?)(?: ·|\n)/g)].map(([, line = ""]) => line);
  expect(commands).toHaveLength(2);
  const [fromFile = "", fromScratch = ""] = commands;
  await fine(fromScratch);
  await fine(`mv 'my run' other && ${fromFile.replace("FILE", "other/best.pth")}`);
});

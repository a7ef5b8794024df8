/**
 * A server under each attack that once stopped one: how long its health took meanwhile, and the memory; writes ATTACKS.md.
 *
 * Run: npm run attacks [-- --only PATTERN], which writes nothing. Memory is read from /proc, so on Linux. Health is asked from a process of its own; the attacker, the one
 * who asks and the server share the machine's cores.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { cpus, setPriority, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { encodePng } from "../../src/image/index.ts";
import { emptyBmp } from "../../src/testing/photo-folders.ts";
import { writeBandFolder } from "../bands.ts";
import type { Health } from "./health.ts";
import { memoryOf, type Served, serve } from "./server.ts";

/** Milliseconds that health may take, and MiB above an idle server. */
const [SLOWEST, MOST] = [50, 1024];

/** Niceness of the attacker. */
const LATER = 10;

/** What attackers send at once. */
interface Attack {
  readonly name: string;
  readonly path: string;
  readonly type: string;
  readonly body: () => Uint8Array | Promise<Uint8Array>;
  /** How many at once. */
  readonly times: number;
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);
const pixels = (data: string, more = ""): string =>
  `{"inputs":[{"name":"pixels","shape":[1,28,28,1],"datatype":"UINT8","data":[${data}]}]${more}}`;
const SMALL = Array.from({ length: 784 }, () => 7).join();
const picture = { path: "/predict", type: "image/png" };
const infer = { path: "/v2/models/run/infer", type: "application/json" };
const greyPng = (side: number): Promise<Uint8Array> =>
  encodePng({ width: side, height: side, channels: 1, data: new Uint8Array(side * side) });

/** A bitmap whose header says so many pixels. */
function emptyPbm(side: number): Uint8Array {
  const head = text(`P4 ${side} ${side}\n`);
  const bytes = new Uint8Array(head.length + (side * side) / 8);
  bytes.set(head);
  return bytes;
}

function form(parts: number): Uint8Array {
  return text(`${'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(parts)}--x--\r\n`);
}

const ATTACKS: readonly Attack[] = [
  { ...picture, name: "8 BMPs of 1 KB, 24 megapixels each", times: 8, body: () => emptyBmp(4900) },
  { ...picture, name: "8 BMPs of 1 KB, 49 megapixels each", times: 8, body: () => emptyBmp(7000) },
  { ...picture, name: "PBM of 18 MB, 144 megapixels", times: 1, body: () => emptyPbm(12_000) },
  { ...picture, name: "32 PNGs, 25 megapixels each", times: 32, body: () => greyPng(4999) },
  { ...picture, name: "32 PNGs, 49 megapixels each", times: 32, body: () => greyPng(7000) },
  { ...infer, name: "JSON of 9,900,000 numbers", times: 1, body: () => text(pixels(`${"1,".repeat(9_900_000)}1`)) },
  { ...infer, name: "8 times JSON of 2,000,000 numbers", times: 8, body: () => text(pixels(`${"1,".repeat(2e6)}1`)) },
  {
    ...{ ...infer, name: "outputs named 300,000 times", times: 1 },
    body: () =>
      text(pixels(SMALL, `,"outputs":[${Array.from({ length: 300_000 }, () => '{"name":"logits"}').join()}]`)),
  },
  { ...infer, name: "JSON nested 1,000,000 deep", times: 1, body: () => text(pixels("[".repeat(1e6))) },
  {
    ...{ path: "/predict", type: "multipart/form-data; boundary=x", name: "8 forms of 250,000 parts" },
    ...{ times: 8, body: () => form(250_000) },
  },
  {
    ...{ path: "/predict", type: "multipart/form-data; boundary=x", name: "8 forms of 19 MB" },
    ...{ times: 8, body: () => form(370_000) },
  },
];

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function post(url: string, { path, type }: Attack, body: Uint8Array): Promise<string> {
  return new Promise((done) => {
    const headers = { "content-type": type, "content-length": body.length };
    const sent = request(url + path, { method: "POST", headers, agent }, (response) => {
      response.resume().on("end", () => done(String(response.statusCode)));
    });
    sent.on("error", (error: NodeJS.ErrnoException) => done(error.code ?? "lost"));
    sent.end(body);
  });
}

/** Begins to ask for health; what it was since the last time, or since the beginning. */
function askHealth(url: string): { since: () => Promise<Health>; end: () => void } {
  const asker = spawn(process.execPath, ["--import", "tsx", resolve("tests/soak/health.ts"), url], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: asker.stdout })[Symbol.asyncIterator]();
  return {
    async since() {
      asker.stdin.write("\n");
      return JSON.parse((await lines.next()).value ?? "{}");
    },
    end: () => asker.stdin.end(),
  };
}

/** What health and memory were while `attack` went on. */
async function during({ child }: Served, since: () => Promise<Health>, attack: () => Promise<string>): Promise<Found> {
  await since();
  const idle = memoryOf(child);
  let most = idle;
  const timer = setInterval(() => {
    most = Math.max(most, memoryOf(child));
  }, 20);
  const answers = await attack();
  clearInterval(timer);
  return { ...(await since()), answers, grown: most - idle };
}

interface Found extends Health {
  readonly answers: string;
  readonly grown: number;
}

const tally = (statuses: readonly string[]): string =>
  [...new Set(statuses)]
    .map((status) => `${status} × ${statuses.filter((other) => other === status).length}`)
    .join(", ");

/** 300 sockets that send a byte every two seconds, for so long. */
async function slowSenders(url: string, milliseconds: number): Promise<string> {
  const port = Number(new URL(url).port);
  const sockets = Array.from({ length: 300 }, () => {
    const socket = connect(port, "127.0.0.1");
    const head =
      "POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: 100000\r\n\r\n";
    socket.on("error", () => {}).resume();
    socket.write(head);
    const timer = setInterval(() => socket.write("x"), 2000);
    return socket.once("close", () => clearInterval(timer));
  });
  await new Promise((done) => setTimeout(done, milliseconds));
  const open = sockets.filter(({ closed }) => !closed).length;
  for (const socket of sockets) socket.destroy();
  return `${open} of 300 still open after ${milliseconds / 1000} s`;
}

const { values } = parseArgs({ options: { only: { type: "string" } } });
const chosen = new RegExp(values.only ?? "");
const cwd = mkdtempSync(join(tmpdir(), "ocelli-attacks-"));
writeBandFolder(join(cwd, "bands"));
const training = spawn(
  process.execPath,
  [resolve("dist/cli/main.js"), "train", "bands", "--out", "run", "--max-steps", "2", "--batch-size", "8"],
  { cwd, stdio: ["ignore", "ignore", "inherit"] },
);
await once(training, "exit");
const served = await serve(cwd, []);
const small = await greyPng(28);
await post(served.url, ATTACKS[0] as Attack, small); // threads and kernels are there before anything is measured
const health = askHealth(served.url);
await health.since();
setPriority(LATER); // attackers are other machines: this process is not to take the server's cores
const rows: string[] = [];
let faults = 0;
const note = (name: string, { answers, count, worst, lost, grown }: Found): void => {
  if (SLOWEST < worst || MOST < grown || 0 < lost) faults++;
  rows.push(`| ${name} | ${answers} | ${count} | ${worst.toFixed(0)} | ${lost} | ${grown.toFixed(0)} |`);
  console.log(rows.at(-1));
};
for (const attack of ATTACKS.filter(({ name }) => chosen.test(name))) {
  const body = await attack.body();
  const all = (): Promise<string> =>
    Promise.all(Array.from({ length: attack.times }, () => post(served.url, attack, body))).then(tally);
  note(attack.name, await during(served, health.since, all));
}
const SENDERS = "300 senders of a byte in two seconds";
if (chosen.test(SENDERS)) note(SENDERS, await during(served, health.since, () => slowSenders(served.url, 9000)));
const isAlive = (await post(served.url, ATTACKS[0] as Attack, small)) === "200" && served.child.exitCode === null;
if (!isAlive) faults++;
health.end();
await served.end();
rmSync(cwd, { recursive: true });
const page = `# Attacks on a server

\`npm run attacks\`, ${new Date().toISOString().slice(0, 10)}, ${cpus().length} cores of ${cpus()[0]?.model}. Health may take ${SLOWEST} ms at most and memory ${MOST} MiB above idle. The
attacker (at a lower priority), the process that asks for health every 5 ms and the server share these cores.

| attack | answers | health asked | worst, ms | lost | memory, MiB above idle |
| --- | --- | ---: | ---: | ---: | ---: |
${rows.join("\n")}

Afterwards the server ${isAlive ? "answered a picture" : "DID NOT ANSWER"}. Beyond the bounds: ${faults}.
`;
if (values.only === undefined) writeFileSync("tests/soak/ATTACKS.md", page);
console.log(page);
process.exitCode = faults === 0 ? 0 : 1;

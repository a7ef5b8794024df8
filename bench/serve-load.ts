/**
 * Many clients at once against `ocelli serve`, compared with what `ocelli bench --job eval` computes; writes bench/RESULTS-serve.md.
 *
 * Run: npm run bench:serve -- [--model resnet18] [--batch 8] [--clients 32] [--seconds 60] [--rounds 1] [--photos FOLDER]
 * Nothing else should be running: the clients share the cores with the server. Each round measures bench, serve, bench.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { float32Tensor, int64Scalar, writePth } from "../src/checkpoint/index.ts";
import { findModel } from "../src/models/index.ts";
import { initialState, tensorsOf } from "../src/nn/index.ts";
import { machine, median, versionOf } from "./facts.ts";

const MAIN = "dist/cli/main.js";
/** Seconds of load before the measured ones. */
const WARM_UP = 4;
/** Images that bench computes in each measurement. */
const BENCH_IMAGES = 400;

interface Settings {
  readonly model: string;
  readonly batch: number;
  readonly clients: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly photos: string;
}

function readSettings(): Settings {
  const { values } = parseArgs({
    options: {
      model: { type: "string", default: "resnet18" },
      batch: { type: "string", default: "8" },
      clients: { type: "string", default: "32" },
      seconds: { type: "string", default: "60" },
      rounds: { type: "string", default: "1" },
      photos: { type: "string", default: join(process.env.OCELLI_DATA ?? "data", "hymenoptera_data/val") },
    },
  });
  const [batch = 8, clients = 32, seconds = 60, rounds = 1] = [
    values.batch,
    values.clients,
    values.seconds,
    values.rounds,
  ].map(Number);
  return { model: values.model, photos: values.photos, batch, clients, seconds, rounds };
}

/** A state dict of the network with its first weights. */
async function writeWeights(model: string, folder: string): Promise<string> {
  const network = findModel(model).build({ classes: 10 });
  const values = initialState(network, 0);
  const state = tensorsOf(network).map(({ name, spec }) => {
    const { shape, data } = values.get(name) ?? { shape: spec.shape, data: new Float32Array([0]) };
    return [name, spec.dtype === "int64" ? int64Scalar(data[0] ?? 0) : float32Tensor(shape, data)] as const;
  });
  const file = join(folder, `${model}.pth`);
  await writePth(file, new Map(state));
  return file;
}

function readPhotos(folder: string): Buffer[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".jpg"));
  if (names.length === 0) throw new Error(`${folder}: expected photos (.jpg); name a folder of some with --photos`);
  return names.map((name) => readFileSync(join(folder, name)));
}

/** Images per second of forward passes alone. */
function bench({ model, batch }: Settings): number {
  const steps = `--steps=${Math.ceil(BENCH_IMAGES / batch)}`;
  const args = [MAIN, "bench", `--model=${model}`, "--job=eval", `--batch-size=${batch}`, steps, "--json"];
  const { medianMs } = JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as { medianMs: number };
  return (1000 * batch) / medianMs;
}

interface Server {
  readonly url: string;
  readonly child: ChildProcess;
}

async function startServer(file: string, { model, batch }: Settings): Promise<Server> {
  const options = [`--model=${model}`, `--max-batch=${batch}`, "--port=0", "--json"];
  const child = spawn(process.execPath, [MAIN, "serve", file, ...options], { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) return { url: JSON.parse(line).url, child };
  throw new Error("the server ended");
}

async function stopServer({ child }: Server): Promise<number | null> {
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  return ended;
}

/** What the server says of itself. */
async function processOf(url: string): Promise<{ rssMiB: number; cpuSeconds: number }> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
  return { rssMiB: value("process_resident_memory_bytes") / 2 ** 20, cpuSeconds: value("process_cpu_seconds_total") };
}

interface Load {
  readonly imagesPerSecond: number;
  /** Milliseconds, ascending. */
  readonly latencies: readonly number[];
  readonly errors: number;
  /** Of the server, for each image. */
  readonly cpuMs: number;
  readonly rssMiB: readonly [number, number];
}

function post(url: string, agent: Agent, body: Buffer): Promise<number | undefined> {
  const headers = { "content-type": "image/jpeg", "content-length": body.length };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/predict`, { method: "POST", agent, headers }, (response) => {
      response
        .resume()
        .on("end", () => resolve(response.statusCode))
        .on("error", reject);
    });
    sent.on("error", reject).end(body);
  });
}

async function load(url: string, photos: readonly Buffer[], { clients, seconds }: Settings): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const latencies: number[] = [];
  let [errors, next] = [0, 0];
  const run = async (until: number, measured: boolean): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now();
      const status = await post(url, agent, photos[next++ % photos.length] as Buffer).catch(() => undefined);
      if (status !== 200) errors++;
      else if (measured) latencies.push(performance.now() - began);
    }
  };
  const all = (until: number, measured: boolean) =>
    Promise.all(Array.from({ length: clients }, () => run(until, measured)));
  await all(performance.now() + 1000 * WARM_UP, false);
  const before = await processOf(url);
  const began = performance.now();
  await all(began + 1000 * seconds, true);
  const took = (performance.now() - began) / 1000;
  const after = await processOf(url);
  agent.destroy();
  return {
    imagesPerSecond: latencies.length / took,
    latencies: latencies.sort((a, b) => a - b),
    errors,
    cpuMs: (1000 * (after.cpuSeconds - before.cpuSeconds)) / latencies.length,
    rssMiB: [before.rssMiB, after.rssMiB],
  };
}

interface Round extends Load {
  readonly bench: readonly [number, number];
}

const ratioOf = ({ imagesPerSecond, bench: [before, after] }: Round): number =>
  (2 * imagesPerSecond) / (before + after);
const quantile = (sorted: readonly number[], share: number): number => sorted[Math.floor(share * sorted.length)] ?? 0;
const row = (...cells: readonly string[]): string => `| ${cells.join(" | ")} |`;

function rowOf(round: Round): string {
  const { bench: benched, imagesPerSecond, latencies, errors, cpuMs, rssMiB } = round;
  return row(
    benched.map((value) => value.toFixed(1)).join(", "),
    imagesPerSecond.toFixed(1),
    `**${ratioOf(round).toFixed(2)}**`,
    [0.5, 0.99].map((share) => `${Math.round(quantile(latencies, share))} ms`).join(", "),
    `${latencies.length}, ${errors}`,
    `${cpuMs.toFixed(1)} ms`,
    rssMiB.map((value) => Math.round(value)).join(" → "),
  );
}

const HEADS = [
  "bench, images/s",
  "serve, images/s",
  "ratio",
  "latency p50, p99",
  "answers, errors",
  "CPU an image",
  "MiB",
];

function report(
  rounds: readonly Round[],
  { model, batch, clients, seconds }: Settings,
  load: readonly number[],
): string {
  return [
    "# Serving",
    "",
    `${model}, ${clients} clients at once for ${seconds} s, each sending one photo after the other; batches of up to ${batch}. Each round measures \`ocelli bench --job eval\``,
    "at that batch before and after; the ratio is to the mean of the two. The clients run on the same cores; memory and processor time are the server's. Made by",
    "`npm run bench:serve`.",
    "",
    row(...HEADS),
    row(...HEADS.map(() => "---")),
    ...rounds.map(rowOf),
    "",
    `- machine: ${machine()}; load average before and after: ${load.map((value) => value.toFixed(1)).join(", ")}`,
    `- median ratio ${median(rounds.map(ratioOf)).toFixed(2)}`,
    `- versions: ocelli ${versionOf("../package.json")}, Node ${process.version}, onnxruntime-node ${versionOf("onnxruntime-node/package.json")}`,
    `- date: ${new Date().toISOString().slice(0, 10)}`,
    "",
  ].join("\n");
}

async function measure(): Promise<void> {
  const settings = readSettings();
  const photos = readPhotos(settings.photos);
  const folder = mkdtempSync(join(tmpdir(), "ocelli-load-"));
  const loads = [loadavg()[0] ?? 0];
  const rounds: Round[] = [];
  try {
    const file = await writeWeights(settings.model, folder);
    for (let round = 0; round < settings.rounds; round++) {
      const before = bench(settings);
      const server = await startServer(file, settings);
      const found = await load(server.url, photos, settings);
      const status = await stopServer(server);
      if (status !== 0) throw new Error(`the server ended with exit code ${status}`);
      rounds.push({ ...found, bench: [before, bench(settings)] });
      console.log(rowOf(rounds.at(-1) as Round));
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  loads.push(loadavg()[0] ?? 0);
  const text = report(rounds, settings, loads);
  writeFileSync(new URL("RESULTS-serve.md", import.meta.url), text);
  console.log(`\n${text}`);
}

await measure();

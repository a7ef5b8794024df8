/**
 * A folder that has what the commands of README and of help name, with small data: photos, MNIST, pictures; and a server of
 * weights beside it, since nothing here uses the network. Everything runs through a shell, as a person types it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { encodePth, float32Tensor, int64Scalar } from "../../src/checkpoint/index.ts";
import { findModel } from "../../src/models/index.ts";
import { stateShapesOf } from "../../src/nn/index.ts";
import { wavyPng } from "../../src/testing/photo-folders.ts";
import { writeBandFolder } from "../bands.ts";
import { MAIN } from "../cli/ocelli.ts";

/** What a command came to. */
export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The folder, and how commands are run in it. */
export interface Workplace {
  readonly root: string;
  /** Runs a line of a shell to its end. */
  run(line: string): Promise<Done>;
  /** Runs a server until it says where it is; `stop` is Ctrl-C. */
  serve(line: string): Promise<{ readonly url: string; readonly stop: () => Promise<Done> }>;
  /** What was asked of the server of weights. */
  readonly fetched: readonly string[];
  close(): Promise<void>;
}

/** Networks whose official weights the server has. */
const PUBLISHED = ["resnet18", "squeezenet1_0"];
const PHOTOS = 3;

const jpeg = async (seed: number): Promise<Uint8Array> =>
  sharp(await wavyPng(seed, { width: 64, height: 48 }))
    .jpeg()
    .toBuffer();

/** A state dict of a network's shapes whose normalisation divides by one; nobody looks at what it answers. */
function weightsOf(name: string): Uint8Array {
  const shapes = stateShapesOf(findModel(name).build({ classes: 1000 }));
  const entries = Array.from(shapes, ([key, shape]) => {
    if (key.endsWith("num_batches_tracked")) return [key, int64Scalar(1)] as const;
    const size = shape.reduce((product, side) => product * side, 1);
    const value = key.endsWith("running_var") ? 1 : 0.001;
    return [key, float32Tensor(shape, new Float32Array(size).fill(value))] as const;
  });
  return encodePth(new Map(entries));
}

async function writeData(root: string): Promise<void> {
  const files: Record<string, Uint8Array | string> = {};
  for (const [part, split] of ["train", "val"].entries())
    for (const [label, name] of ["ants", "bees"].entries())
      for (let n = 0; n < PHOTOS; n++)
        files[`photos/${split}/${name}/${n}.jpg`] = await jpeg(100 * part + 10 * label + n);
  const listed = Object.keys(files).map((file) => `${file},${file.split("/")[2]}`);
  files["labels.csv"] = `file,label\n${listed.join("\n")}\n`;
  for (const [n, name] of ["holiday/1.jpg", "holiday/2.jpg", "bee.jpg", "photo.jpg"].entries())
    files[name] = await jpeg(500 + n);
  files["three.png"] = await sharp(await wavyPng(3, { width: 28, height: 28 }))
    .grayscale()
    .png()
    .toBuffer();
  files.last = "";
  for (const [name, content] of Object.entries(files)) {
    await mkdir(join(root, dirname(name)), { recursive: true });
    await writeFile(join(root, name), content);
  }
  await utimes(join(root, "last"), 0, 0);
  writeBandFolder(join(root, "data/mnist"));
}

/** A server of the weights; the command line is told that they are published there, with their hashes. */
async function publish(root: string, fetched: string[]) {
  const paths: Record<string, string> = {};
  const records: Record<string, { url: string; sha256: string }> = {};
  const server = createServer((request, response) => {
    fetched.push(request.url ?? "");
    const path = paths[request.url ?? ""];
    if (path) createReadStream(path).pipe(response);
    else response.writeHead(404).end();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  for (const name of PUBLISHED) {
    const content = weightsOf(name);
    const [url, path] = [`/${name}.pth`, join(root, `${name}.pth`)];
    await writeFile(path, content);
    paths[url] = path;
    const sha256 = createHash("sha256").update(content).digest("hex");
    records[name] = { url: `http://127.0.0.1:${port}${url}`, sha256 };
  }
  records.squeezenet1_1 = { url: `http://127.0.0.1:${port}/none`, sha256: "0" }; // out of reach
  return { records, close: () => server.close() };
}

/** The programs `ocelli` and `npx`, of which the latter runs the former alone. */
async function writePrograms(bin: string, records: object): Promise<void> {
  await mkdir(bin);
  const weights = pathToFileURL(resolve("dist/models/weights.js")).href;
  const script = `import { PUBLISHED } from "${weights}";
const records = ${JSON.stringify(records)};
for (const [name, record] of Object.entries(records)) Object.assign(PUBLISHED[name].weights[0], record);
await import("${pathToFileURL(MAIN).href}");
`;
  await writeFile(join(bin, "main.mjs"), script);
  await writeFile(join(bin, "ocelli"), `#!/bin/sh\nexec "${process.execPath}" "${join(bin, "main.mjs")}" "$@"\n`, {
    mode: 0o755,
  });
  await writeFile(join(bin, "npx"), `#!/bin/sh\n[ "$1" = ocelli ] && exec "$@"\nexit 127\n`, { mode: 0o755 });
}

/** What a process writes, and its end. */
function follow(child: ChildProcess): {
  readonly told: { stdout: string; stderr: string };
  readonly ended: Promise<Done>;
} {
  const told = { stdout: "", stderr: "" };
  child.stdout?.setEncoding("utf8").on("data", (text) => {
    told.stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text) => {
    told.stderr += text;
  });
  return { told, ended: once(child, "close").then(([code]) => ({ code, ...told })) };
}

/** Makes the folder. Close it in the end. */
export async function openWorkplace(): Promise<Workplace> {
  const root = await mkdtemp(join(tmpdir(), "ocelli-commands-"));
  const fetched: string[] = [];
  await writeData(root);
  await mkdir(join(root, ".mirror"));
  const mirror = await publish(join(root, ".mirror"), fetched);
  const bin = join(root, ".bin");
  await writePrograms(bin, mirror.records);
  const env = {
    ...process.env,
    PATH: `${bin}:${process.env.PATH}`,
    ...{ OCELLI_DATA: join(root, "data"), OCELLI_CACHE: join(root, ".cache"), TORCH_HOME: join(root, ".torch") },
  };
  const start = (line: string): ChildProcess =>
    spawn("bash", ["-c", line], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
  return {
    ...{ root, fetched },
    run: (line) => follow(start(line)).ended,
    async serve(line) {
      const child = start(line);
      const { told, ended } = follow(child);
      const url = await new Promise<string>((found, failed) => {
        child.stdout?.on("data", () => {
          const [, address] = /(?:listening on|Dashboard of ".*":) (http:\S+)/.exec(told.stdout) ?? [];
          if (address) found(address);
        });
        ended.then(({ code, stderr }) => failed(new Error(`${line} ended with ${code}:\n${stderr}`)), failed);
      });
      return {
        url,
        stop() {
          child.kill("SIGINT");
          return ended;
        },
      };
    },
    async close() {
      mirror.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

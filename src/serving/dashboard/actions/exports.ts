/** Models exported from the page: the real command line as a child, its files in the run's folder. */
import { mkdir, readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { writeError } from "../../../atomic-file.ts";
import type { ExportedFile, ExportRequest, Exports, Note } from "../api.ts";
import { conflict, forbidden } from "../status-error.ts";
import { faultIn, startChild } from "../training/child.ts";
import type { TrainingCommands } from "../training/jobs.ts";

/** Exports by the folders of their runs. */
export interface ModelExports {
  of(run: string): Promise<Exports>;
  /** Begins to make a file. A second one at the same time is refused (409). */
  start(run: string, request: ExportRequest): Promise<void>;
  isRunning(run: string): boolean;
  /** Ends those under way, and waits for that. */
  close(): Promise<void>;
}

/** The folder of exported models in a run's folder. */
const FOLDER = "exports";

/** No export yet. */
export function createExports(commands: Pick<TrainingCommands, "export">): ModelExports {
  const running = new Map<string, ReturnType<typeof startChild>>();
  const faults = new Map<string, Note>();
  return {
    async of(run) {
      const state = running.has(run) ? "running" : faults.has(run) ? "failed" : "none";
      const folder = join(run, FOLDER);
      return { folder, files: await filesIn(folder), state, error: faults.get(run) ?? null };
    },
    async start(run, request) {
      if (running.has(run))
        throw conflict("export: expected one at a time but another is being made.", "Wait until it is done.");
      faults.delete(run);
      const folder = join(run, FOLDER);
      await mkdir(folder, { recursive: true }).catch((error: unknown) => {
        throw writeError(folder, error);
      });
      if (running.has(run)) return; // asked for twice at the same moment
      const out = join(folder, fileName(run, request));
      const child = startChild(commands.export(run, { ...request, out }));
      running.set(run, child);
      void child.ended.then((code) => {
        running.delete(run);
        const otherwise = { message: "The export ended before it could write anything.", hint: "Try it again." };
        if (code !== 0) faults.set(run, faultIn(child.lines(), otherwise));
      });
    },
    isRunning: (run) => running.has(run),
    async close() {
      for (const { process } of running.values()) process.kill("SIGTERM");
      await Promise.all([...running.values()].map(({ ended }) => ended));
    },
  };
}

/** `ants.onnx`, `ants-int8.onnx`, the folder `ants-web`, as `ocelli export` calls them. */
const fileName = (run: string, { to, precision }: ExportRequest): string =>
  `${basename(run)}${precision === "fp32" ? "" : `-${precision}`}${to === "web" ? "-web" : `.${to}`}`;

async function filesIn(folder: string): Promise<ExportedFile[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = names
    .filter((name) => !name.startsWith("."))
    .map(async (name): Promise<ExportedFile | undefined> => {
      const path = join(folder, name);
      const found = await stat(path).catch(() => undefined);
      if (!found) return undefined;
      const isFolder = found.isDirectory();
      return { name, path, isFolder, bytes: isFolder ? await bytesIn(path) : found.size };
    });
  const found = (await Promise.all(files)).filter((file) => file !== undefined);
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Bytes of all files below a folder. */
async function bytesIn(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const sizes = names.map((name) =>
    stat(join(folder, name)).then(
      (entry) => (entry.isFile() ? entry.size : 0),
      () => 0,
    ),
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

/** The path of an exported file. Names that lead elsewhere are refused (403). */
export function exportedFile(run: string, name: string): string {
  if (!/^[^/\\:\0]+$/.test(name) || name.startsWith(".")) throw forbidden(`"${name}": expected an exported model.`);
  return join(run, FOLDER, name);
}

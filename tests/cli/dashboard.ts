/** A real `ocelli ui`, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { MAIN } from "./ocelli.ts";

/** A dashboard that listens. */
export interface OpenDashboard {
  readonly url: string;
  /** Its address with the token, as it is printed. */
  readonly link: string;
  /** What lets a program in. */
  readonly headers: { readonly authorization: string };
  /** Asks it, as a program that has its token. */
  get(path: string): Promise<Response>;
  /** What it has told on standard error so far. */
  readonly told: () => string;
  /** Ends it as Ctrl-C does; its exit code. */
  close(): Promise<number | null>;
}

/** Starts `ocelli ui ARGS` in the folder `cwd`, and waits until it says where it is. */
export async function openDashboard(cwd: string, args: readonly string[], env: object = {}): Promise<OpenDashboard> {
  const child: ChildProcess = spawn(process.execPath, [MAIN, "ui", ...args], {
    cwd,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const exited = new Promise<number | null>((resolve) => child.on("close", resolve));
  let [said, told] = ["", ""];
  child.stderr?.on("data", (data) => {
    told += data;
  });
  const link = await new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (data) => {
      said += data;
      const found = /http:\/\/127\.0\.0\.1:\d+\S*(?=\n)/.exec(said)?.[0];
      if (found) resolve(found);
    });
    child.on("close", (code) => reject(new Error(`ocelli ui ended with ${code}: ${told}`)));
  });
  const { origin: url, searchParams } = new URL(link);
  const headers = { authorization: `Bearer ${searchParams.get("token")}` };
  return {
    ...{ url, link, headers },
    get: (path) => fetch(url + path, { headers }),
    told: () => told,
    close() {
      child.kill("SIGINT");
      return exited;
    },
  };
}

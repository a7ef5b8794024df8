/** Starts `ocelli serve` or another server of ours as a person does, and speaks to it. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { MAIN } from "./ocelli.ts";

/** A server that runs until it is stopped. */
export interface RunningCommand {
  readonly url: string;
  readonly port: number;
  /** What it printed until it listened. */
  readonly lines: readonly string[];
  /** What it wrote to standard error until now. */
  readonly notes: () => string;
  /** Waits until it has written that to standard error. */
  readonly noted: (text: RegExp) => Promise<void>;
  readonly child: ChildProcess;
  /** Its exit code, once it has ended. */
  readonly ended: Promise<number | null>;
  /** Sends it a signal and waits for its end: the exit code. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | null>;
}

/** Runs `ocelli ARGS` in the folder `cwd` and waits for its line "listening on URL". */
export async function startCommand(cwd: string, args: readonly string[], env: object = {}): Promise<RunningCommand> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: { ...process.env, ...env } });
  const ended = once(child, "exit").then(([code]) => code as number | null);
  const lines: string[] = [];
  let notes = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    notes += text;
  });
  const noted = async (text: RegExp): Promise<void> => {
    while (!text.test(notes)) await once(child.stderr, "data");
  };
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const [, url] = /^listening on (\S+)$/.exec(line) ?? [];
    if (!url) continue;
    const stop = (signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> => {
      child.kill(signal);
      return ended;
    };
    return { url, port: Number(new URL(url).port), lines, notes: () => notes, noted, child, ended, stop };
  }
  throw new Error(`ocelli ${args.join(" ")} ended with ${await ended}:\n${notes}`);
}

/** A request that is begun and waits to be told on: its head was read by the server, its body was not sent. */
export interface BegunRequest {
  readonly socket: Socket;
  /** Sends the body; the whole answer as it came. */
  readonly finish: (body: Uint8Array) => Promise<string>;
}

/** Sends the head of a POST and waits until the server asks for the body. */
export async function beginRequest(
  port: number,
  {
    path,
    length,
    connection = "close",
  }: { readonly path: string; readonly length: number; readonly connection?: string },
): Promise<BegunRequest> {
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\nContent-Length: ${length}\r\nConnection: ${connection}\r\nExpect: 100-continue\r\n\r\n`,
  );
  const [said] = await once(socket, "data");
  if (!/^HTTP\/1\.1 100/.test(String(said))) throw new Error(`expected to be asked for the body but got ${said}`);
  let answer = "";
  socket.on("data", (text) => {
    answer += text;
  });
  const finish = async (body: Uint8Array): Promise<string> => {
    const closed = once(socket, "close");
    socket.write(body);
    await closed;
    return answer;
  };
  return { socket, finish };
}

/** Sends that text as it is; all that comes back until the connection ends. */
export async function rawAnswer(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let answer = "";
  socket.on("data", (data) => {
    answer += data;
  });
  socket.write(text);
  await once(socket, "close");
  return answer;
}

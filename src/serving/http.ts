/** Starts and stops an HTTP server: the API of models, or the dashboard. */
import { createServer, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { messageOf, UserError } from "../errors.ts";
import { lookup } from "../lookup.ts";
import { LOOPBACK } from "./loopback.ts";
import { prepareStop } from "./stop.ts";

/** What answers requests: a Hono app. */
export interface Application {
  readonly fetch: Parameters<typeof getRequestListener>[0];
}

/** Where and how a server listens. */
export interface ListenOptions {
  /** 0 takes any port that is free. */
  readonly port: number;
  /** 127.0.0.1 by default, which only this machine reaches. */
  readonly host?: string;
  /** Whether the next free port is taken if `port` is in use; by default that is a `UserError`. */
  readonly orNextFree?: boolean;
  /** Milliseconds that a client may take to send its request, who is then answered 408; 60 s by default. */
  readonly receiveTimeoutMs?: number;
  /** Told of each request that was answered here, with 400, 408, 413 or 431, since its head did not come or was none. */
  readonly onRefused?: (status: number) => void;
}

/** A server that listens. */
export interface RunningServer {
  readonly port: number;
  /** `http://127.0.0.1:8000` */
  readonly url: string;
  /** As `prepareStop` says; `graceMs` is 0 by default. */
  close(graceMs?: number): Promise<void>;
}

const RECEIVE_TIMEOUT = 60_000;
/** Milliseconds that an application has to answer a slow body by itself. */
const LAST_WORD = 1000;
/** Connections at once, and those of one address; more are closed as they come. */
const [MOST_CONNECTIONS, MOST_OF_ONE] = [4096, 2048];
/** How often slow requests are looked for. */
const CHECK_INTERVAL = 1000;
/** Ports that are tried one after the other. */
const TRIED_PORTS = 100;
const LARGEST_PORT = 65_535;

/** Lets `app` answer requests. A port or an address that cannot be had is a `UserError`. */
export async function listen(app: Application, options: ListenOptions): Promise<RunningServer> {
  const { host = LOOPBACK, receiveTimeoutMs = RECEIVE_TIMEOUT, onRefused = () => {} } = options;
  const answer = getRequestListener(app.fetch, { overrideGlobalObjects: false });
  const times = { requestTimeout: receiveTimeoutMs + LAST_WORD, headersTimeout: receiveTimeoutMs };
  const server = createServer({ ...times, connectionsCheckingInterval: CHECK_INTERVAL });
  server.maxConnections = MOST_CONNECTIONS;
  boundConnections(server);
  const stop = prepareStop(server);
  answerBroken(server, onRefused);
  server.on("request", (incoming, outgoing) => void answer(incoming, outgoing));
  const port = await bind(server, { ...options, host });
  return {
    port,
    url: `http://${host.includes(":") ? `[${host}]` : host}:${port}`,
    close: stop,
  };
}

/** How requests that HTTP's reader gives up are answered, as Node.js does; others are 400. */
const STATUSES: Readonly<Partial<Record<string, number>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers what is no request, or does not come to an end, and closes its connection, unless an answer was begun on it. */
function answerBroken(server: Server, onRefused: (status: number) => void): void {
  const answers = new WeakMap<object, ServerResponse>();
  server.on("request", (incoming, outgoing) => answers.set(incoming.socket, outgoing));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    const status = lookup(STATUSES, error.code ?? "") ?? 400;
    const last = answers.get(socket);
    if (!socket.writable || (last?.headersSent && !last.writableFinished)) return void socket.destroy();
    onRefused(status);
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\n\r\n`, () => socket.destroy());
  });
}

/** Closes connections of an address that has too many. */
function boundConnections(server: Server): void {
  const counts = new Map<string, number>();
  server.on("connection", (socket) => {
    const address = socket.remoteAddress ?? "";
    const count = (counts.get(address) ?? 0) + 1;
    if (MOST_OF_ONE < count) return void socket.destroy();
    counts.set(address, count);
    socket.once("close", () => {
      const left = (counts.get(address) ?? 1) - 1;
      if (left === 0) counts.delete(address);
      else counts.set(address, left);
    });
  });
}

/** Takes the port, or the first free one after it; the port that was taken. */
async function bind(server: Server, { host, port, orNextFree }: ListenOptions & { host: string }): Promise<number> {
  const last = orNextFree && port !== 0 ? Math.min(port + TRIED_PORTS, LARGEST_PORT) : port;
  for (let tried = port; ; tried++) {
    const error = await listenOn(server, tried, host);
    if (!error) return (server.address() as AddressInfo).port;
    if (error.code !== "EADDRINUSE" || last <= tried) throw unavailable(error, { host, port, last });
  }
}

function listenOn(server: Server, port: number, host: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      server.off("listening", succeed);
      resolve(error);
    };
    const succeed = (): void => {
      server.off("error", fail);
      resolve(undefined);
    };
    server.once("error", fail).once("listening", succeed).listen(port, host);
  });
}

function unavailable(
  error: NodeJS.ErrnoException,
  { host, port, last }: { host: string; port: number; last: number },
): UserError {
  const cause = { cause: error };
  if (error.code === "EADDRINUSE") {
    const range = last === port ? `port ${port}` : `a port of ${port} to ${last}`;
    const taken = last === port ? "another program listens on it" : "other programs listen on all of them";
    return new UserError(`${host}: expected ${range} to be free but ${taken}.`, "Give another one with --port.", cause);
  }
  if (error.code === "EACCES") {
    const message = `${host}: expected a port that may be listened on but ${port} needs rights that this user lacks.`;
    return new UserError(message, "Give a port of 1024 or above with --port.", cause);
  }
  const message = `"${host}": expected an address of this machine but it cannot be listened on (${messageOf(error)}).`;
  return new UserError(message, `Give one that it has, such as ${LOOPBACK}.`, cause);
}

/** Ends an HTTP server so that no request is lost that was sent before. */
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

/** How long a turn of waiting takes, in milliseconds. In each the event loop accepts and reads all that has come. */
const TURN = 10;
/** Turns without anything new after which nothing is on its way any more. */
const QUIET_TURNS = 50;
/** Turns after which the listener is closed although there is always something new. */
const MOST_TURNS = 500;
/** Turns that bring in what was sent before: one accepts, one reads what the new connections sent. */
const FIRST_TURNS = 2;
/** Milliseconds beyond the grace: slow requests are looked for once a second, and get their own answer. */
const LAST_ANSWERS = 2000;

/** Waits for a turn. */
export type Turn = () => Promise<unknown>;

const realTurn: Turn = () => new Promise((resolve) => setTimeout(resolve, TURN));

/** A request with its answer. */
interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
}

/**
 * Watches over the connections of a server from its beginning. What is returned ends it:
 *
 * 1. It goes on listening, since closing a listener resets connections that the kernel has accepted and Node.js has not.
 *    The application refuses new requests by itself.
 * 2. After the first turns each answer says `connection: close`, unless its request is still being sent (its connection would be
 *    reset under it) or another one on its connection waits for its answer.
 * 3. After some turns without a new connection or request, or after many turns, the listener is closed, and idle connections are.
 * 4. Others are closed as they become idle, and cut off when `graceMs` and a little have gone by.
 *
 * With a grace of 0 everything is cut off at once: streams of events never end by themselves.
 */
export function prepareStop(server: Server, turn: Turn = realTurn): (graceMs?: number) => Promise<void> {
  const sockets = new Set<Socket>();
  const open = new Set<Exchange>();
  let arrivals = 0;
  let stage: "open" | "draining" | "closed" = "open";
  const closeIdle = (): void => {
    if (stage !== "closed") return;
    server.closeIdleConnections();
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy(); // Node.js takes these for busy
  };
  server.on("connection", (socket) => {
    arrivals++;
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("request", (incoming, outgoing) => {
    arrivals++;
    const exchange = { incoming, outgoing };
    open.add(exchange);
    incoming.once("close", closeIdle);
    outgoing.once("close", () => {
      open.delete(exchange);
      closeIdle();
    });
    const writeHead = outgoing.writeHead.bind(outgoing) as (...args: unknown[]) => ServerResponse;
    outgoing.writeHead = (...args: unknown[]) => {
      if (stage !== "open" && isLast(exchange, open)) outgoing.setHeader("connection", "close");
      return writeHead(...args);
    };
  });
  return async (graceMs = 0) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), graceMs === 0 ? 0 : graceMs + LAST_ANSWERS);
    if (0 < graceMs) {
      for (let done = 0; done < FIRST_TURNS; done++) await turn();
      stage = "draining";
      await quiet(() => arrivals, turn);
    }
    stage = "closed";
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    closeIdle();
    await closed;
    clearTimeout(cutOff);
  };
}

/** Whether a request was read to its end, and none that came after it on its connection waits for its answer. */
function isLast(exchange: Exchange, open: ReadonlySet<Exchange>): boolean {
  if (!exchange.incoming.complete) return false;
  const same = [...open].filter(({ incoming }) => incoming.socket === exchange.incoming.socket);
  return same.at(-1) === exchange;
}

/** Waits until nothing has arrived for some turns. Turns are counted, since time may pass without one on a busy machine. */
async function quiet(arrivals: () => number, turn: Turn): Promise<void> {
  let [seen, still] = [arrivals(), 0];
  for (let done = 0; still < QUIET_TURNS && done < MOST_TURNS; done++) {
    await turn();
    still = arrivals() === seen ? still + 1 : 0;
    seen = arrivals();
  }
}

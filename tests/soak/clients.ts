/** Clients of a server that is under attack: good requests among aborted and bad ones. */
import { request } from "node:http";
import { type Rng, rngFor } from "../../src/rng.ts";

/** What came of all requests. */
export interface Tally {
  /** How many had each status; `lost` had none and were not given up by the client. */
  readonly statuses: Record<string, number>;
  /** Milliseconds of good requests that were answered 200. */
  readonly latencies: number[];
}

/** A request and what its client does. */
interface Asked {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
  /** Bytes after which the client goes away; undefined for one that waits. */
  readonly leavesAfter?: number;
  readonly isGood?: boolean;
}

const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** The kinds of requests to a model named `run` of 28×28 pictures, by how often they come. */
function kinds(picture: Uint8Array, bomb: Uint8Array): readonly (readonly [weight: number, asked: Asked])[] {
  const path = "/predict";
  const png = { path, type: "image/png" };
  const infer = "/v2/models/run/infer";
  const pixels = {
    name: "pixels",
    datatype: "UINT8",
    shape: [1, 28, 28, 1],
    data: Array.from({ length: 784 }, () => 7),
  };
  const noise = Uint8Array.from({ length: 2000 }, (_, at) => (at * 7919) % 251);
  return [
    [60, { ...png, body: picture, isGood: true }],
    [10, { path: infer, type: "application/json", body: json({ inputs: [pixels] }), isGood: true }],
    [8, { ...png, body: picture, leavesAfter: Math.floor(picture.length / 2) }],
    [5, { ...png, body: picture, leavesAfter: picture.length }],
    [5, { ...png, body: picture.subarray(0, picture.length - 30) }],
    [4, { ...png, body: noise }],
    [1, { ...png, type: "image/bmp", body: bomb }],
    [2, { path, type: "text/plain", body: noise }],
    [2, { path, type: "multipart/form-data; boundary=x", body: noise }],
    [2, { path: infer, type: "application/json", body: json({ inputs: [{ ...pixels, data: [[[[[]]]]] }] }) }],
    [1, { path: "/nowhere", type: "image/png", body: picture }],
  ];
}

function choose(all: ReturnType<typeof kinds>, rng: Rng): Asked {
  let left = rng.uniform(
    0,
    all.reduce((sum, [weight]) => sum + weight, 0),
  );
  for (const [weight, asked] of all) {
    left -= weight;
    if (left < 0) return asked;
  }
  return (all[0] as (typeof all)[number])[1];
}

/** Asks once; the status, or "gone" for a client that went away, or the code of an error. */
function ask(url: string, { path, type, body, leavesAfter }: Asked): Promise<string> {
  return new Promise((resolve) => {
    const headers = { "content-type": type, "content-length": body.length };
    const sent = request(url + path, { method: "POST", headers, agent: false }, (response) => {
      response.resume().on("end", () => resolve(String(response.statusCode)));
    });
    sent.on("error", (error: NodeJS.ErrnoException) =>
      resolve(leavesAfter === undefined ? `lost ${error.code}` : "gone"),
    );
    if (leavesAfter === undefined) sent.end(body);
    else sent.write(body.subarray(0, leavesAfter), () => sent.destroy());
  });
}

/** So many clients that ask one after the other until `until` (of `performance.now`). */
export async function clients(
  url: string,
  { count, until, picture, bomb }: { count: number; until: number; picture: Uint8Array; bomb: Uint8Array },
): Promise<Tally> {
  const tally: Tally = { statuses: {}, latencies: [] };
  const all = kinds(picture, bomb);
  const client = async (seed: number): Promise<void> => {
    const rng = rngFor(seed, "soak");
    while (performance.now() < until) {
      const asked = choose(all, rng);
      const began = performance.now();
      const status = await ask(url, asked);
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      if (asked.isGood && status === "200") tally.latencies.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: count }, (_, seed) => client(seed)));
  return tally;
}

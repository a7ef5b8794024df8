/** Bytes on a connection that are no request, or two, or never a whole one: both servers refuse them, and go on. */
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rngFor } from "../../src/rng.ts";
import { type Application, listen, type RunningServer } from "../../src/serving/http.ts";
import { type TestDashboard, testDashboard } from "../../src/testing/dashboard.ts";
import { appOf } from "../../src/testing/served-models.ts";
import { mutated } from "./engine/mutate.ts";

/** Inputs that are made of the ones below; all are sent at once. */
const CHANGED = 400;
const HOST = "Host: 127.0.0.1\r\n";
const POST = `POST /predict HTTP/1.1\r\n${HOST}`;
/** What must not be taken for a request of its own. */
const HIDDEN = `GET /hidden HTTP/1.1\r\n${HOST}\r\n`;
const LONG = "x".repeat(20_000);

/** Ways to hide a request behind a body whose length two readers could take differently. */
const SMUGGLED = [
  `${POST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  `${POST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde${HIDDEN}`,
  `${POST}Content-Length: +4\r\n\r\nabcd${HIDDEN}`,
  `${POST}Content-Length: 4 4\r\n\r\nabcd${HIDDEN}`,
  `${POST}Content-Length: 99999999999999999999\r\n\r\nabcd${HIDDEN}`,
  `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  `${POST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n${HIDDEN}`,
  `${POST}Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${HIDDEN}`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n${HIDDEN}`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n${HIDDEN}`,
  `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n${HIDDEN}`,
];

/** Requests of other kinds, whole and in part. */
const OTHERS = [
  `${POST}Content-Type: image/png\r\nContent-Length: 7\r\n\r\npicture`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n3;${LONG}\r\nabc\r\n0\r\n\r\n`,
  `${POST}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nTrailer: ${LONG}\r\n\r\n`,
  `${POST}Content-Length: 10\r\n\r\nabc`,
  `${POST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`,
  `${POST}Content-Type: multipart/form-data; boundary=\xff\r\nContent-Length: 3\r\n\r\nabc`,
  `PUT /api/runs/plain/note HTTP/1.1\r\n${HOST}x-ocelli: 1\r\nContent-Length: 12\r\n\r\n{"note":"a"}`,
  `GET /v2 HTTP/1.1\r\n${HOST}X: ${LONG}\r\n\r\n`,
  `GET /${LONG} HTTP/1.1\r\n${HOST}\r\n`,
  `GET /api/runs HTTP/1.1\r\n${HOST}${"a: b\r\n".repeat(3000)}\r\n`,
  `GET http://[ HTTP/1.1\r\n${HOST}\r\n`,
  `GET /%zz?token=%E0%A4%A HTTP/1.1\r\n${HOST}Cookie: ocelli-80=%E0%A4%A\r\n\r\n`,
  "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: example.org\r\n\r\n",
  `GET / HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  `TRACE /predict HTTP/1.1\r\n${HOST}\r\n`,
  `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  "CONNECT example.org:80 HTTP/1.1\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
  `GET /v2 HTTP/1.1\r\n${HOST}\r\n`.repeat(50),
  "G",
];

const asked: string[] = [];
/** The application, whose requests are noted. */
const noted = ({ fetch }: Application): Application => ({
  fetch(request, ...more) {
    asked.push(request.url);
    return fetch(request, ...more);
  },
});

let dashboard: TestDashboard;
let servers: readonly RunningServer[];
beforeAll(async () => {
  dashboard = await testDashboard();
  const apps = [appOf(), dashboard.app].map(noted);
  servers = await Promise.all(apps.map((app) => listen(app, { port: 0, receiveTimeoutMs: 1 })));
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await dashboard.close();
});

/** Sends the bytes; all that is answered until the connection is closed, which the client does after the first answer. */
function answerTo(port: number, input: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let said = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(input));
    socket.on("data", (data) => {
      said += data.toString("latin1");
      socket.end();
    });
    socket.on("error", () => {}).on("close", () => resolve(said)); // a server may cut off what it has refused
  });
}

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const statusesIn = (said: string): number[] =>
  Array.from(said.matchAll(/^HTTP\/1\.1 (\d{3})/gm), ([, status]) => Number(status));

/** The inputs whose answer is that of a server that failed. */
async function failedBy(inputs: readonly Uint8Array[]): Promise<string[]> {
  const failed: string[] = [];
  const ask = async (port: number, input: Uint8Array): Promise<void> => {
    const said = await answerTo(port, input);
    const isWrong = statusesIn(said).some((status) => 500 <= status && status !== 503) || /\n {4}at /.test(said);
    if (isWrong) failed.push(`${Buffer.from(input).toString("latin1")}\n→ ${said.slice(0, 300)}`);
  };
  const asking = servers.flatMap(({ port }) => inputs.map((input) => ask(port, input)));
  for (const { url } of servers) expect((await fetch(`${url}/`)).status).toBe(200); // another client, while they are at it
  await Promise.all(asking);
  return failed;
}

test("a request behind a body of two lengths is none", async () => {
  asked.length = 0;
  for (const input of SMUGGLED) {
    for (const { port } of servers) {
      const [first = 0] = statusesIn(await answerTo(port, bytes(input)));
      expect([400, 403], input).toContain(first); // 403 by the head alone
    }
  }
  expect(asked.filter((url) => url.endsWith("/hidden"))).toEqual([]);
});

test("no bytes make a server fail", async () => {
  const inputs = [...SMUGGLED, ...OTHERS].map(bytes);
  const rng = rngFor(0, "raw bytes");
  const words = ["\r\n", "\r\n\r\n", "chunked", "Content-Length: ", "HTTP/1.1", "0\r\n\r\n"].map(bytes);
  const pick = (): Uint8Array => inputs[rng.integer(0, inputs.length - 1)] ?? new Uint8Array();
  const changed = Array.from({ length: CHANGED }, () => mutated(pick(), { rng, words, other: pick }));
  expect(await failedBy([...inputs, ...changed].filter(({ length }) => 0 < length))).toEqual([]);
});

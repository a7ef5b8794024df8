/** Servers that take requests from anybody: an input is a request as it is sent, and any answer of 500 is a fault. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readSize } from "../../src/image/index.ts";
import { OWN_HEADER } from "../../src/serving/dashboard/guard.ts";
import { readPicturePixels } from "../../src/serving/work/picture.ts";
import { testDashboard } from "../../src/testing/dashboard.ts";
import { writeRunFolder } from "../../src/testing/run-folders.ts";
import { appOf, fakeModel } from "../../src/testing/served-models.ts";
import { CORPUS } from "../parity/picture-corpus.ts";
import type { Target } from "./target.ts";

/** What answers requests. */
type Answer = (request: Request) => Response | Promise<Response>;

const SEEN = { name: "mnist-cnn", input: { kind: "pixels", inputShape: [1, 28, 28], rawPixels: true } } as const;
/** Pixels of a picture at most; those of more are refused by their header. */
const MOST_PIXELS = 1 << 16;
const HOST = "127.0.0.1:7860";

/** The input as a request: a line with method and path, headers, an empty line, the body. Undefined where HTTP knows no such. */
function requestOf(content: Uint8Array): Request | undefined {
  const text = Buffer.from(content).toString("latin1");
  const end = text.indexOf("\n\n");
  const [first = "", ...lines] = text.slice(0, end === -1 ? text.length : end).split("\n");
  const [method = "", path = ""] = first.split(" ");
  const body = end === -1 ? new Uint8Array() : content.slice(end + 2);
  try {
    const headers = lines.map((line): [string, string] => {
      const at = line.indexOf(":");
      return [line.slice(0, at), line.slice(at + 1)];
    });
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(new URL(`http://${HOST}${path}`), { method, headers, ...(hasBody && { body }) });
  } catch {
    return undefined; // no server is asked so
  }
}

/** Asks, and throws where the answer is an error of the server. */
async function expectAnswer(answer: Answer, content: Uint8Array): Promise<void> {
  const request = requestOf(content);
  if (!request) return;
  const response = await answer(request);
  if (response.headers.get("content-type")?.startsWith("text/event-stream")) return void response.body?.cancel();
  const said = await response.text();
  if (response.status === 500 || 503 < response.status) throw new Error(`${response.status}: ${said.slice(0, 500)}`);
  if (/\n {4}at /.test(said)) throw new Error(`a stack in an answer of ${response.status}: ${said.slice(0, 500)}`);
}

/** A request in the words of the input. */
const sent = (head: string, headers: readonly string[] = [], body: Uint8Array | string = ""): Uint8Array =>
  Buffer.concat([Buffer.from([head, ...headers, "", ""].join("\n"), "latin1"), Buffer.from(body as string)]);

const smallPictures = (): Uint8Array[] =>
  CORPUS.filter(({ file }) => file.length < 2000)
    .slice(0, 12)
    .map(({ file }) => Buffer.from(file, "base64"));

const form = (picture: Uint8Array): Uint8Array =>
  Buffer.concat([
    Buffer.from(
      '--x\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n',
    ),
    picture,
    Buffer.from("\r\n--x--\r\n"),
  ]);

const TENSOR = { name: "pixels", datatype: "UINT8", shape: [1, 2], data: [1, 2] };

let api: Answer | undefined;

/** A server of one model that reads pictures as models do and answers the same to all. */
function openApi(): Answer {
  const model = fakeModel(
    {
      async predict(picture) {
        const { width, height } = await readSize(picture.bytes, "picture");
        if (width * height <= MOST_PIXELS) await readPicturePixels(picture, { ...SEEN, maxPixels: MOST_PIXELS });
        return Float32Array.of(0, 1);
      },
    },
    { inputs: [{ name: "pixels", type: "uint8", shape: ["N", 2] }] },
  );
  const app = appOf([model], { maxBody: 1 << 20 });
  return (request) => app.fetch(request);
}

/** Begins processes, which are beside the requests; letters may be written as their codes. */
const BEGINS = /\/(train|resume|exports|evaluation)\/*$/;

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // as the server leaves it, too
  }
}

let dashboard: Promise<{ root: string; fetch: Answer }> | undefined;

async function openDashboard(): Promise<{ root: string; fetch: Answer }> {
  const { root, app, close } = await testDashboard();
  process.once("beforeExit", () => void close());
  return { root, fetch: (request) => app.fetch(request) };
}

/** Opens it, and the threads that decode its pictures. */
async function startDashboard(): Promise<void> {
  dashboard ??= openDashboard();
  const { fetch } = await dashboard;
  const picture = new Request(`http://${HOST}/api/runs/photos/pictures/1/image?side=20`, { headers: { host: HOST } });
  await (await fetch(picture)).arrayBuffer();
}

async function askDashboard(content: Uint8Array): Promise<void> {
  dashboard ??= openDashboard();
  const { root, fetch } = await dashboard;
  if (!existsSync(join(root, "runs", "plain", "config.json"))) await writeRunFolder(join(root, "runs", "plain"));
  const answer: Answer = (request) => {
    const { pathname } = new URL(request.url);
    if (request.method === "POST" && BEGINS.test(decoded(pathname))) return new Response();
    request.headers.set("host", HOST);
    request.headers.set(OWN_HEADER, "1");
    return fetch(request);
  };
  await expectAnswer(answer, content);
}

/** The API of models, and the dashboard. */
export const HTTP_TARGETS: readonly Target[] = [
  {
    name: "api",
    seeds: () => [
      ...smallPictures().map((picture) => sent("POST /predict?top=2", ["content-type: image/png"], picture)),
      ...smallPictures()
        .slice(0, 2)
        .map((picture) =>
          sent("POST /models/bees/predict", ["content-type: multipart/form-data; boundary=x"], form(picture)),
        ),
      sent(
        "POST /v2/models/bees/infer",
        ["content-type: application/json"],
        JSON.stringify({ id: "1", inputs: [TENSOR], outputs: [{ name: "y" }] }),
      ),
      sent(
        "POST /v2/models/bees/infer",
        ["content-type: application/octet-stream", "inference-header-content-length: 110"],
        `${JSON.stringify({ inputs: [{ ...TENSOR, data: undefined, parameters: { binary_data_size: 2 } }] })}ab`,
      ),
      ...["/v2", "/v2/health/ready", "/v2/models/bees", "/models", "/metrics", "/docs", "/openapi.json"].map((path) =>
        sent(`GET ${path}`),
      ),
    ],
    words: [
      "content-type: ",
      "multipart/form-data; boundary=",
      "logits=true",
      "top=",
      "\r\n\r\n",
      '"parameters":{',
      "--x--",
    ],
    read: (content) => {
      api ??= openApi();
      return expectAnswer(api, content);
    },
  },
  {
    name: "dashboard",
    seeds: () => [
      sent("POST /api/train/check", [], '{"data":"photos","model":"resnet18","epochs":"2","lr":"0.1","frozen":"true"}'),
      sent("PUT /api/runs/plain/note", [], '{"note":"a note"}'),
      sent("POST /api/runs/plain/rename", [], '{"name":"plain2"}'),
      sent("PUT /api/runs/photos/marks", [], '{"file":"val/ants/0.png","mark":{"label":"bees"}}'),
      sent("DELETE /api/runs/plain"),
      sent("POST /api/bin/plain/restore"),
      sent("POST /api/runs/photos/classify", ["x-name: a.png"], smallPictures()[0]),
      ...[
        "/api/runs",
        "/api/train",
        "/api/bin",
        "/api/runs/photos",
        "/api/runs/photos/log?from=0",
        "/api/runs/photos/files/curves.png",
        "/api/runs/photos/report",
        "/api/runs/photos/pictures?class=ants&predicted=bees&only=wrong&order=unsure&limit=2&offset=1",
        "/api/runs/photos/pictures/1",
        "/api/runs/photos/pictures/1/image?side=20",
        "/api/runs/photos/data/train?offset=0&limit=3",
        "/api/runs/photos/data/val/1/image?side=9",
        "/api/runs/photos/marks",
        "/assets/a.js",
      ].map((path) => sent(`GET ${path}`)),
    ],
    words: ["/api/runs/photos/", "..%2f", "%00", "side=", "offset=", "__proto__", '"label"', '"excluded"', '"file"'],
    open: startDashboard,
    read: askDashboard,
  },
];

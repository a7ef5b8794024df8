import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type DownloadOptions, download, hashFile, redirected, safestFirst, whyUnreachable } from "./download.ts";

const CONTENT = Buffer.from(Uint8Array.from({ length: 100_000 }, (_, i) => (i * i) % 251));
const hash = { algorithm: "md5", digest: createHash("md5").update(CONTENT).digest("hex") } as const;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;
const requests: string[] = [];
let answers: Record<string, Answer> = {};
const server = createServer((request, response) => {
  requests.push(`${request.url} ${request.headers.range ?? "whole"}`);
  (answers[request.url ?? ""] ?? notFound)(request, response);
});
let base = "";
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ocelli-download-"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  requests.length = 0;
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true });
});

const notFound: Answer = (_, response) => response.writeHead(404).end();
/** Sends the content, from the byte that is asked for on. */
const send: Answer = ({ headers }, response) => {
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
  const range = { "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
  response.writeHead(headers.range ? 206 : 200, {
    "content-length": CONTENT.length - from,
    ...(headers.range && range),
  });
  response.end(CONTENT.subarray(from));
};
/** Sends as far as byte `end` and then nothing more. */
const sendUntil =
  (end: number): Answer =>
  ({ headers }, response) => {
    const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "")?.[1] ?? 0);
    const range = { "content-range": `bytes ${from}-${CONTENT.length - 1}/${CONTENT.length}` };
    response.writeHead(from ? 206 : 200, { "content-length": CONTENT.length - from, ...(from && range) });
    response.write(CONTENT.subarray(from, end));
  };

const path = (): string => join(folder, "deep", "file.gz");
const get = (urls: string[], more: Partial<DownloadOptions> = {}): Promise<string> =>
  download({ urls: urls.map((url) => base + url), path: path(), hash, ...more });

/** The file is there and right, and nothing is beside it. */
async function expectWhole(): Promise<void> {
  expect((await readFile(path())).equals(CONTENT)).toBe(true);
  expect(await readdir(join(folder, "deep"))).toEqual(["file.gz"]);
}

describe("a file arrives", () => {
  test("whole, with its progress told", async () => {
    answers = { "/a": send };
    const told: number[] = [];
    expect(await get(["/a"], { onProgress: ({ received, total }) => told.push(received / (total ?? 0)) })).toBe(
      `${base}/a`,
    );
    await expectWhole();
    expect([told[0], told.at(-1)]).toEqual([0, 1]);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  });

  test("over cut connections, each time going on where it was cut", async () => {
    const ends = [40_000, 80_000];
    let connection: ServerResponse | undefined;
    answers = {
      "/a": (request, response) => {
        connection = response;
        (ends[0] ? sendUntil(ends[0]) : send)(request, response);
      },
    };
    await get(["/a"], {
      onProgress: ({ received }) => {
        if (received !== ends[0]) return;
        ends.shift();
        connection?.destroy();
      },
    });
    await expectWhole();
    expect(requests).toEqual(["/a whole", "/a bytes=40000-", "/a bytes=80000-"]);
  });

  test("from the next address where one fails, and behind redirections", async () => {
    answers = { "/moved": (_, response) => response.writeHead(302, { location: `${base}/a` }).end(), "/a": send };
    expect(await get(["/none", "/moved"])).toBe(`${base}/moved`);
    await expectWhole();
  });

  test("from a server that does not go on in the middle", async () => {
    await get(["/a"]).catch(() => {});
    await writeFile(`${path()}.part`, CONTENT.subarray(0, 10));
    answers = { "/a": (_, response) => response.writeHead(200).end(CONTENT) };
    await get(["/a"]);
    await expectWhole();
  });

  test("also if all of it was there and only its name was missing", async () => {
    answers = { "/a": (_, response) => response.writeHead(416).end() };
    await get(["/none"]).catch(() => {});
    await writeFile(`${path()}.part`, CONTENT);
    await get(["/a"]);
    await expectWhole();
  });

  test("over a beginning that was damaged before", async () => {
    answers = { "/a": send };
    await get(["/none"]).catch(() => {});
    await writeFile(`${path()}.part`, Buffer.alloc(500, 7));
    await get(["/a"]);
    await expectWhole();
    expect(requests).toEqual(["/none whole", "/a bytes=500-", "/a whole"]);
  });
});

test("several downloads of one file at once all end with the whole file", async () => {
  answers = { "/a": send };
  await mkdir(join(folder, "deep"));
  await writeFile(`${path()}.part`, CONTENT.subarray(0, 500)); // one of them takes it over
  await Promise.all(Array.from({ length: 4 }, () => get(["/a"])));
  await expectWhole();
  expect(requests.toSorted()).toEqual(["/a bytes=500-", "/a whole", "/a whole", "/a whole"]);
});

test("what a killed process has left is gone on from, what a running one writes is let be", async () => {
  answers = { "/a": send };
  await mkdir(join(folder, "deep"));
  const running = `${path()}.${process.ppid}-00000000.part`;
  await writeFile(running, "other");
  await writeFile(`${path()}.${2 ** 30}-00000000.part`, CONTENT.subarray(0, 500)); // no process has that number
  await get(["/a"]);
  expect(requests).toEqual(["/a bytes=500-"]);
  await rm(running);
  await expectWhole();
});

test("https comes first, and nothing leads from it to http", () => {
  expect(safestFirst(["http://a/", "https://b/", "http://c/", "https://d/"])).toEqual([
    ...["https://b/", "https://d/", "http://a/", "http://c/"],
  ]);
  expect(redirected(new URL("https://a/x"), "/y").href).toBe("https://a/y");
  expect(redirected(new URL("http://a/x"), "https://b/y").href).toBe("https://b/y");
  expect(() => redirected(new URL("https://a/x"), "http://a/x")).toThrow("it redirects from https to http");
});

describe("a file does not arrive", () => {
  test("if no address has the right one: why is told for each, and nothing stays", async () => {
    answers = { "/wrong": (_, response) => response.end("<html>login</html>") };
    const unreachable = "http://127.0.0.1:9/x";
    const failing = download({ urls: [`${base}/none`, `${base}/wrong`, unreachable], path: path(), hash });
    await expect(failing).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(
        /^file\.gz: expected to download it but no address gave it \(.+\/none: HTTP 404; .+\/wrong: its md5 is [0-9a-f]{32} and not [0-9a-f]{32}, so it was deleted; .+: connection refused\)\.$/,
      ),
      hint: `Check the network, or fetch ${base}/none yourself and save it as "${path()}".`,
    });
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  test.each([true, false])("if a server sends more than there can be (said at once: %s)", async (isSaid) => {
    let closed = (): void => {};
    const isCutOff = new Promise<void>((resolve) => {
      closed = resolve;
    });
    answers = {
      "/a": (_, response) => {
        response.on("close", closed);
        response.writeHead(200, isSaid ? { "content-length": 10 ** 12 } : {});
        const more = (): void => {
          while (!response.destroyed && response.write(CONTENT));
        };
        response.on("drain", more);
        more();
      },
    };
    await expect(get(["/a"], { maxBytes: CONTENT.length })).rejects.toThrow(
      "/a: it sends more than the 100000 bytes that are expected)",
    );
    await isCutOff;
    expect(requests).toEqual(["/a whole"]);
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  test("if redirections never end", async () => {
    answers = { "/a": (_, response) => response.writeHead(302, { location: "/a" }).end() };
    await expect(get(["/a"])).rejects.toThrow("more than 5 redirections");
  });

  test("if a server is silent", async () => {
    answers = { "/a": () => {} };
    await expect(get(["/a"], { timeoutMs: 50, hint: "Do it by hand." })).rejects.toMatchObject({
      message: expect.stringMatching(/\/a: no answer in time\)/),
      hint: "Do it by hand.",
    });
  });

  test("if a proxy is silent", async () => {
    const proxy = createTcpServer(() => {});
    await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
    process.env.https_proxy = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    try {
      const url = "https://ocelli.invalid/a";
      await expect(download({ urls: [url], path: path(), hash, timeoutMs: 50 })).rejects.toThrow(
        `${url}: no answer in time)`,
      );
      expect(await whyUnreachable(url, 50)).toBe("no answer in time");
    } finally {
      delete process.env.https_proxy;
      proxy.close();
    }
  });

  test("if it was stopped; what came is kept to go on from", async () => {
    const controller = new AbortController();
    answers = { "/a": sendUntil(30_000) };
    const onProgress = ({ received }: { received: number }): void => {
      if (received > 0) controller.abort(new Error("enough"));
    };
    await expect(get(["/a"], { signal: controller.signal, onProgress })).rejects.toThrow("enough");
    expect(await readdir(join(folder, "deep"))).toEqual(["file.gz.part"]);
    await expect(get(["/a"], { signal: controller.signal })).rejects.toThrow("enough");
    answers = { "/a": send };
    await get(["/a"]);
    await expectWhole();
    expect(requests.at(-1)).toMatch(/^\/a bytes=[1-9]/);
  });

  test("where it cannot be written", async () => {
    answers = { "/a": send };
    await writeFile(join(folder, "deep"), "a file");
    await expect(get(["/a"])).rejects.toMatchObject({
      name: "UserError",
      message: expect.stringMatching(/file\.gz": expected to write the downloaded file but failed \(/),
      hint: "Check the folder, or set OCELLI_CACHE to one that can be written.",
    });
  });

  test.skipIf(process.platform !== "linux")("on a full disk", async () => {
    answers = { "/a": send };
    await mkdir(join(folder, "deep"));
    await symlink("/dev/full", `${path()}.part`);
    await expect(get(["/a"])).rejects.toMatchObject({
      message: `"${path()}": expected to write the downloaded file but the disk is full.`,
      hint: "Make room on the disk.",
    });
  });
});

test("hashes are those of the whole file", async () => {
  await writeFile(join(folder, "x"), "abc");
  expect(await hashFile(join(folder, "x"), "md5")).toBe("900150983cd24fb0d6963f7d28e17f72"); // RFC 1321
  expect(await hashFile(join(folder, "x"), "sha256")).toMatch(/^ba7816bf8f01cfea414140de5dae2223/); // FIPS 180-2
});

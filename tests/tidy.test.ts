/** The rules of the tree: folders import one way, one folder knows each library, files stay small. */
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { expect, test } from "vitest";

/** The folders of src/ in the order in which data flows: each may import only from those before it. */
const ORDER = [
  "cache",
  "graph",
  "ops",
  "onnx",
  "engines",
  "nn",
  "models",
  "optim",
  "image",
  "data",
  "checkpoint",
  "metrics",
  "training",
  "export",
  "explain",
  "reports",
  "serving",
  "cli",
  "testing",
] as const;

/** Files beside the folders that every folder may import. */
const SHARED = [
  "atomic-file.ts",
  "environment.ts",
  "errors.ts",
  "harmless.ts",
  "json.ts",
  "lookup.ts",
  "nearest.ts",
  "own-file.ts",
  "rng.ts",
  "thread.ts",
];

/** Who alone may import a library. */
const ONLY: Readonly<Record<string, RegExp>> = {
  "onnxruntime-node": /^engines\/(onnx\/|inspect\.ts)/,
  koffi: /^engines\/native\.ts$/,
  sharp: /^image\/sharp\.ts$/,
  "@bufbuild/protobuf": /^onnx\//,
  commander: /^cli\//,
  "@commander-js/extra-typings": /^cli\//,
  zod: /^(training|checkpoint|export|serving)\//,
  undici: /^data\/download\.ts$/,
  vega: /^reports\//,
  "vega-lite": /^reports\//,
  hono: /^serving\//,
  "@hono/node-server": /^serving\//,
  "@hono/zod-openapi": /^serving\//,
  "prom-client": /^serving\//,
  "onnxruntime-web": /^export\//,
};

const MAX_LINES = 300;
/** Tables, and what a tool writes. */
const LONG_FILES = ["data/digits/strokes.ts", "onnx/proto/onnx_pb.ts"];

const read = (name: string): string => readFileSync(join("src", name), "utf8");
const sources = readdirSync("src", { recursive: true, encoding: "utf8" })
  .map((name) => name.split(sep).join("/"))
  .filter((name) => name.endsWith(".ts"));
const modules = sources.filter((name) => !name.endsWith(".test.ts"));
const folderOf = (file: string): string => relative("src", file).split(sep)[0] ?? "";
const importsOf = (name: string): string[] =>
  [...read(name).matchAll(/(?:\bfrom |\bimport\()"([^"]+)"/g)].map(([, path = ""]) => path);

test.each(modules)("%s imports only from folders before its own", (name) => {
  const file = join("src", name);
  const own = folderOf(file);
  if (own === "index.ts") return;
  const allowed: string[] = [
    ...SHARED,
    own,
    ...ORDER.slice(0, Math.max(0, ORDER.indexOf(own as (typeof ORDER)[number]))),
  ];
  for (const path of importsOf(name).filter((path) => path.startsWith(".")))
    expect(allowed, `import "${path}"`).toContain(folderOf(resolve(file, "..", path)));
});

test("every folder has its place in the order", () => {
  const folders = readdirSync("src", { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name] : [],
  );
  expect(ORDER.filter((name) => folders.includes(name))).toHaveLength(folders.length);
});

test.each(Object.entries(ONLY))("%s is imported in one place", (library, place) => {
  const importers = modules.filter((name) =>
    importsOf(name).some((path) => path === library || path.startsWith(`${library}/`)),
  );
  expect(importers.filter((name) => !place.test(name))).toEqual([]);
});

test("only the command line prints", () => {
  const prints = /\bconsole\.\w+\(|process\.std(?:out|err)\b/;
  expect(modules.filter((name) => !name.startsWith("cli/") && prints.test(read(name)))).toEqual([]);
});

/** Where JSON is read that is ocelli's own, or whose depth is known by then. */
const PARSE_ALONE = [
  "checkpoint/json-keys.ts",
  "cli/main.ts",
  "export/card.ts",
  "image/fonts.ts",
  "json.ts",
  "serving/api/tensors/exact-json.ts",
];

test("JSON of files is read in one place, which looks at its depth first", () => {
  const parsing = modules.filter((name) => read(name).includes("JSON.parse("));
  expect(parsing.filter((name) => !PARSE_ALONE.includes(name))).toEqual([]);
});

test("files are short", () => {
  const long = sources.filter((name) => MAX_LINES < read(name).split("\n").length);
  expect(long.filter((name) => !LONG_FILES.includes(name))).toEqual([]);
});

test("the public library says what each export is", () => {
  const undocumented = modules
    .filter((name) => !name.includes("/proto/"))
    .flatMap((name) => {
      const lines = read(name).split("\n");
      return lines.flatMap((line, at) => {
        const declares = /^export (?:async )?(?:function|class|interface|type|const) \w/.test(line);
        return declares && !/\*\/\s*$/.test(lines[at - 1] ?? "") ? [`${name}: ${line}`] : [];
      });
    });
  expect(undocumented).toEqual([]);
});

/** Readers that take what other people made, and inputs from which fuzzing begins. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memorySource, readError } from "../../src/checkpoint/byte-source.ts";
import { decodePth, decodeSafetensors, encodeSafetensors, float32Tensor } from "../../src/checkpoint/index.ts";
import { decodeOnnxWeights } from "../../src/checkpoint/onnx-weights.ts";
import { readIdxImages } from "../../src/data/idx.ts";
import { rowsOf } from "../../src/data/photos/manifest/rows.ts";
import { readMarks } from "../../src/data/photos/marks.ts";
import { decodeImage, readHeader } from "../../src/image/index.ts";
import { encodeModel, type ModelRecord, tensorRecord } from "../../src/onnx/model.ts";
import { readQuestion } from "../../src/serving/api/tensors/messages.ts";
import { readRunAccount } from "../../src/training/run-account.ts";
import { idxFile } from "../bands.ts";
import { CORPUS } from "../parity/picture-corpus.ts";
import { HTTP_TARGETS } from "./http-targets.ts";
import type { Target } from "./target.ts";

const GOLDEN = new URL("../../tools/golden/checkpoint/", import.meta.url);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array): string => new TextDecoder().decode(content);

/** Where there is one, a disk in memory. */
const MEMORY_DISK = "/dev/shm";
let folder: string | undefined;

/** A folder of this process for readers of files, which is removed in the end. */
function scratch(): string {
  if (folder !== undefined) return folder;
  const made = mkdtempSync(join(existsSync(MEMORY_DISK) ? MEMORY_DISK : tmpdir(), "ocelli-fuzz-"));
  process.once("exit", () => rmSync(made, { recursive: true, force: true }));
  folder = made;
  return made;
}

function goldenFiles(ending: RegExp): Uint8Array[] {
  const names = readdirSync(GOLDEN, { recursive: true, encoding: "utf8" });
  return names.filter((name) => ending.test(name)).map((name) => readFileSync(new URL(name, GOLDEN)));
}

/** Pictures of more pixels take long by their nature, and are refused by limits of their own. */
const MOST_PIXELS = 1 << 20;

function pictures(name: string, format: RegExp, words: readonly string[]): Target {
  return {
    ...{ name, words },
    seeds: () => CORPUS.filter((picture) => format.test(picture.name)).map(({ file }) => Buffer.from(file, "base64")),
    async read(content) {
      const { width, height } = await readHeader(content);
      if (width * height <= MOST_PIXELS) await decodeImage(content);
    },
  };
}

const RUN = ["config.json", "metrics.jsonl", "summary.json", "log.txt", "note.txt"];
/** Between the files of a run folder in one input. */
const BETWEEN = "\n%%%\n";

const SMALL_MODEL: ModelRecord = {
  name: "small",
  inputs: [{ name: "x", kind: "float32", shape: [1, 2] }],
  outputs: [{ name: "y", kind: "float32", shape: [1, 2] }],
  nodes: [{ name: "sum", domain: "", opType: "Add", inputs: ["x", "bias"], outputs: ["y"], attributes: {} }],
  initializers: [tensorRecord("bias", "float32", { data: [1, 2], shape: [2] })],
  metadata: { classes: '["a","b"]' },
};

/** All of them. */
export const TARGETS: readonly Target[] = [
  {
    name: "pth",
    seeds: () => goldenFiles(/\.pth$/),
    words: ["torch._utils\n_rebuild_tensor_v2\n", "ctorch\nFloatStorage\n", "collections\nOrderedDict\n", "PK\x03\x04"],
    read: (content) => decodePth(content, "f"),
  },
  {
    name: "safetensors",
    seeds: () => [
      encodeSafetensors({ state: new Map([["a", float32Tensor([2], [1, 2])]]), metadata: { a: "b" } }),
      ...goldenFiles(/\.safetensors$/),
    ],
    words: ['"dtype"', '"F32"', '"BF16"', '"shape"', '"data_offsets"', '"__metadata__"', "[0,4]"],
    read: (content) => decodeSafetensors(content, "f"),
  },
  {
    name: "onnx",
    seeds: () => [encodeModel(SMALL_MODEL)],
    words: [],
    read(content) {
      try {
        decodeOnnxWeights(memorySource(content), "f");
      } catch (error) {
        throw readError(error, "f", "an ONNX model");
      }
    },
  },
  pictures("bmp", /BMP/, ["BM"]),
  pictures("gif", /GIF/, ["GIF89a", "GIF87a"]),
  pictures("pnm", /^(PNM|P[1256])/, ["P1", "P2", "P3", "P4", "P5", "P6", "65535"]),
  pictures("tiff", /TIFF/, ["II*\0", "MM\0*"]),
  pictures("jpeg", /JPEG/, ["\xff\xd8", "Exif\0\0"]),
  pictures("png", /PNG/, ["IHDR", "IDAT", "eXIf", "acTL"]),
  {
    name: "idx",
    seeds: () => [idxFile([2, 3, 3], new Uint8Array(18)), idxFile([1, 2, 2], Uint8Array.of(1, 2, 3, 4))],
    words: ["\x1f\x8b\x08", "\0\0\x08\x03", "\0\0\x0d\x03"],
    async read(content) {
      const file = join(scratch(), "images");
      writeFileSync(file, content);
      await readIdxImages(file);
    },
  },
  {
    name: "table",
    seeds: () => ['file,label,split\na.png,"x, ""y""",train\nb.png,z,val\n', "path\tclass\r\na\tb\r\n"].map(bytes),
    words: ['"', '""', "\r\n", "\t", ";", "label", "split"],
    read: (content) => rowsOf(text(content), "m.csv"),
  },
  {
    name: "jsonl",
    seeds: () => ['{"file_name":"a.png","label":"x"}\n{"file_name":"b.png","label":1}\n'].map(bytes),
    words: ['"label"', '"file_name"', '"split"', "\n", "[[", "{}"],
    read: (content) => rowsOf(text(content), "m.jsonl"),
  },
  {
    name: "json",
    seeds: () => ['[{"file":"a.png","label":"x","split":"val"}]', '{"a.png":"x"}'].map(bytes),
    words: ['"label"', '"file"', '"split"', "[[", "{}"],
    read: (content) => rowsOf(text(content), "m.json"),
  },
  {
    name: "marks",
    seeds: () => ['{"version":1,"photos":{"a.png":{"label":"x"},"b.png":{"excluded":true}}}'].map(bytes),
    words: ['"photos"', '"excluded"', '"label"', '"version"'],
    async read(content) {
      const root = join(scratch(), "marks");
      mkdirSync(root, { recursive: true });
      writeFileSync(join(root, "ocelli-labels.json"), content);
      await readMarks(root);
    },
  },
  {
    name: "run",
    seeds: () => [
      bytes(
        [
          '{"model":{"value":"resnet18","from":"flag"},"epochs":{"value":2,"from":"default"}}',
          '{"type":"step","epoch":1,"step":1,"loss":0.5,"lr":0.1}\n{"type":"eval","epoch":1,"step":2,"val":{"loss":0.4,"accuracy":0.5}}\n',
          '{"run":"runs/1","steps":2}',
          "2026-01-01T00:00:00.000Z begun\n",
          "a note",
        ].join(BETWEEN),
      ),
    ],
    words: ['"type":"epoch"', '"stages"', '"value"', '"from"', BETWEEN],
    async read(content) {
      const root = join(scratch(), "run");
      mkdirSync(root, { recursive: true });
      const parts = text(content).split(BETWEEN);
      for (const [at, name] of RUN.entries()) writeFileSync(join(root, name), parts[at] ?? "");
      await readRunAccount(root);
    },
  },
  {
    name: "infer",
    seeds: () => [
      bytes(
        '{"id":"1","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[[1,2]]}],"outputs":[{"name":"y"}]}',
      ),
      bytes('{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9007199254740993]}]}'),
      bytes('{"inputs":[{"name":"x","shape":[1],"datatype":"BYTES","data":["a"]}]}'),
    ],
    words: ['"UINT8"', '"FP16"', '"BOOL"', '"parameters":{"binary_data_size":4}', '"datatype"', '"shape"'],
    read: (content) => readQuestion({ body: content }),
  },
  ...HTTP_TARGETS,
];

/** The target of that name; one that is not there is an error. */
export function targetOf(name: string): Target {
  const found = TARGETS.find((target) => target.name === name);
  if (!found) throw new Error(`expected one of ${TARGETS.map((target) => target.name).join(", ")} but got "${name}"`);
  return found;
}

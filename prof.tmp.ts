import { InferenceSession, Tensor } from "onnxruntime-node";
import { readFileSync, readdirSync } from "node:fs";
import { mnistCnn } from "./src/models/index.ts";
import { adam } from "./src/optim/optimizer.ts";
import { trainingProgram } from "./src/training/programs.ts";
import { lowerProgram } from "./src/onnx/lower.ts";
import { encodeModel } from "./src/onnx/model.ts";
import { sizeOf } from "./src/graph/value.ts";
const net = mnistCnn();
const p = trainingProgram(net, { inputShape: [1, 28, 28], batchSize: 64, optimizer: adam() });
const low = lowerProgram(p, { target: { contrib: true, block: Number(process.argv[4] ?? 16) } });
const threads = Number(process.argv[2] ?? 2);
const profile = process.argv[3] !== "no";
const session = await InferenceSession.create(encodeModel(low.model), { intraOpNumThreads: threads, enableProfiling: profile, profileFilePrefix: "/tmp/ortprof", logSeverityLevel: 3 });
const feeds: Record<string, Tensor> = {};
for (const port of low.model.inputs) {
  const n = sizeOf(port.shape as number[]);
  feeds[port.name] = port.kind === "int32" ? new Tensor("int32", Int32Array.from({ length: n }, (_, i) => i % 10), port.shape as number[])
    : new Tensor("float32", Float32Array.from({ length: n }, (_, i) => 0.1 * (Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1)), port.shape as number[]);
}
const fetches: Record<string, Tensor> = {};
for (const port of low.model.outputs) fetches[port.name] = new Tensor("float32", new Float32Array(sizeOf(port.shape as number[])), port.shape as number[]);
const times: number[] = [];
for (let i = 0; i < 200; i++) { const a = performance.now(); await session.run(feeds, fetches); times.push(performance.now() - a); }
times.splice(0, 30); times.sort((a, b) => a - b);
console.log("median", times[times.length >> 1], "min", times[0]);
if (profile) {
session.endProfiling();
const file = readdirSync("/tmp").filter((f) => f.startsWith("ortprof")).sort().at(-1);
const ev = JSON.parse(readFileSync("/tmp/" + file, "utf8"));
const by = new Map<string, number[]>();
for (const e of ev) if (e.cat === "Node" && e.name.endsWith("_kernel_time")) {
  const k = e.args.op_name + " " + e.name.replace("_kernel_time", "") + " " + (e.args.output_type_shape ? JSON.stringify(e.args.output_type_shape.map((o: object) => Object.values(o)[0])) : "");
  by.set(k, [...(by.get(k) ?? []), e.dur]);
}
const rows = [...by].map(([k, d]) => [k, d.sort((a, b) => a - b)[0] / 1000] as const).sort((a, b) => b[1] - a[1]);
for (const [k, d] of rows.slice(0, 45)) console.log(d.toFixed(3), k);
console.log("total", rows.reduce((s, r) => s + r[1], 0));
}

import { InferenceSession, Tensor } from "onnxruntime-node";
import { createEmission } from "./src/onnx/emitter.ts";
import { encodeModel } from "./src/onnx/model.ts";
import { readFileSync, readdirSync } from "node:fs";
const { emitter: e, nodes, initializers } = createEmission({ contrib: true, block: 16 });
const shape = [64, 16, 14, 14];
const five = [896, 2, 14, 2, 16]; // from 64,16,28,28
const outs: string[] = [];
const o = (n: string) => outs.push(n);
o(e.emit("Sign", ["a"]));
const g = e.emit("Greater", ["a", e.number(0)]);
const c = e.emit("Cast", [g], { to: 1 });
o(e.emit("Mul", [c, "b"]));
o(e.emit("Where", [e.emit("Equal", ["a", "b"]), "a", e.number(0)]));
o(e.emit("Cast", [e.emit("Equal", ["b", "a"])], { to: 1 }));
o(e.emit("Where", [g, "a", "b"]));
o(e.emit("Max", ["a", "b"]));
o(e.emit("Min", ["a", "b"]));
o(e.emit("Sub", ["a", "b"]));
o(e.emit("Relu", ["a"]));
o(e.emit("Slice", ["x5", e.int64s([0, 0]), e.int64s([1, 1]), e.int64s([1, 3])]));
const sp = e.emitAll("Split", ["x5"], { outputs: 2, attributes: { axis: 1, num_outputs: 2 } });
for (const s of sp) for (const q of e.emitAll("Split", [s], { outputs: 2, attributes: { axis: 3, num_outputs: 2 } })) o(q);
o(e.emit("Transpose", ["a"], { perm: [2, 0, 3, 1] }));
o(e.emit("Transpose", ["a"], { perm: [1, 0, 2, 3] }));
o(e.emit("Transpose", ["x5"], { perm: [1, 3, 0, 2, 4] }));
o(e.emit("Transpose", [e.emit("Reshape", ["x5", e.int64s([50176, 16])])], { perm: [1, 0] }));
o(e.emit("Transpose", [e.emit("Reshape", ["x5", e.int64s([16, 50176])])], { perm: [1, 0] }));
o(e.emit("Gather", ["x5", e.int64s([0]), ], { axis: 1 }));
o(e.emit("Expand", ["y5", e.int64s(five)]));
const port = (name: string, s: number[]) => ({ name, kind: "float32" as const, shape: s });
const feeds: Record<string, Tensor> = {};
const ins = [port("a", shape), port("b", shape), port("x5", five), port("y5", [896, 1, 14, 1, 16])];
for (const p of ins) { const n = p.shape.reduce((x, y) => x * y, 1); feeds[p.name] = new Tensor("float32", Float32Array.from({ length: n }, (_, i) => Math.sin(i * 12.9)), p.shape); }
const session = await InferenceSession.create(encodeModel({ name: "m", nodes, initializers, inputs: ins, outputs: outs.map((n) => ({ name: n, kind: "float32" as const, shape: ["?"] })) }), { intraOpNumThreads: 2, enableProfiling: true, profileFilePrefix: "/tmp/ortmicro", logSeverityLevel: 3 });
for (let i = 0; i < 100; i++) await session.run(feeds);
session.endProfiling();
const file = readdirSync("/tmp").filter((f) => f.startsWith("ortmicro")).sort().at(-1);
const by = new Map<string, number[]>();
for (const ev of JSON.parse(readFileSync("/tmp/" + file, "utf8"))) if (ev.cat === "Node" && ev.name.endsWith("_kernel_time")) { const k = ev.name.replace("_kernel_time", "") + JSON.stringify(ev.args.output_type_shape?.map((q: object) => Object.values(q)[0])); by.set(k, [...(by.get(k) ?? []), ev.dur]); }
for (const [k, d] of by) { d.sort((a, b) => a - b); console.log(d[0], d[d.length >> 1], k); }

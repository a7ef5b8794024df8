import { openEngine } from "/work/main/src/engines/index.ts";
import { mnistCnn } from "/work/main/src/models/index.ts";
import { initialState } from "/work/main/src/nn/index.ts";
import { adam } from "/work/main/src/optim/optimizer.ts";
import { trainingProgram } from "/work/main/src/training/programs.ts";
const net = mnistCnn();
const engine = await openEngine("onnx", { threads: Number(process.argv[2] ?? 2) });
const opt = adam();
const t0 = performance.now();
const ex = await engine.compile(trainingProgram(net, { inputShape: [1, 28, 28], batchSize: 64, optimizer: opt }));
console.log("compile", performance.now() - t0);
await engine.write(initialState(net, 0));
const images = Float32Array.from({ length: 64 * 784 }, (_, i) => Math.abs(Math.sin(i * 12.9898) * 43758.5453) % 1);
const labels = Int32Array.from({ length: 64 }, (_, i) => i % 10);
const times: number[] = [];
for (let t = 1; t <= 300; t++) {
  const a = performance.now();
  const s = opt.scalarsAt(t, 1e-3);
  const r = await ex.run({ images, labels, ...Object.fromEntries(Object.entries(s).map(([k, v]) => [k, Float32Array.of(v)])) });
  times.push(performance.now() - a);
  if (t % 100 === 0 || t===1) console.log(t, r.loss);
}
times.splice(0, 50);
times.sort((a, b) => a - b);
console.log("median", times[times.length >> 1], "min", times[0]);
await engine.close();

import { test } from "vitest";
import { openEngine } from "/root/wt/zoo/src/engines/index.ts";
import { findModel } from "/root/wt/zoo/src/models/index.ts";
import { tensorsOf } from "/root/wt/zoo/src/nn/index.ts";
import { sgd } from "/root/wt/zoo/src/optim/optimizer.ts";
import { inferenceProgram, slotName, trainingProgram } from "/root/wt/zoo/src/training/programs.ts";
import {
  distance,
  generatedBatch,
  readGolden,
  sketchOf,
  writeGenerated,
} from "/root/wt/zoo/tests/parity/zoo-golden.ts";

const golden = readGolden<any>("zoo-parity.json");
const which = (process.env.NETS ?? Object.keys(golden).join(" ")).split(" ");
test.each(which)(
  "%s",
  async (name) => {
    const g = golden[name];
    const network = findModel(name).build({ classes: 10, dropout: 0, transformInput: true });
    const engine = await openEngine(process.env.ENGINE ?? "onnx", { threads: 2 });
    const t0 = performance.now();
    let c0 = process.cpuUsage();
    const log = (s: string) => {
      const c = process.cpuUsage(c0);
      c0 = process.cpuUsage();
      console.log(name, `cpu ${(c.user / 1e6).toFixed(2)}+${(c.system / 1e6).toFixed(2)}`, s.slice(0, 60));
    };
    await writeGenerated(engine, network, g);
    log("written");
    for (const { size, values } of process.env.NOEVAL ? [] : g.logits) {
      const [n, h, w] = size;
      const ex = await engine.compile(inferenceProgram(network, { inputShape: [3, h, w], batchSize: n }));
      const { logits } = await ex.run({ images: generatedBatch(size).images });
      const top = Math.max(...values.map(Math.abs));
      log(`logits ${size} ${Math.max(...values.map((v: number, i: number) => Math.abs(v - logits[i]))) / top}`);
    }
    const [n, h, w] = g.step.size;
    const optimizer = sgd({ learningRate: 0.05, momentum: 0.9 });
    const ex = await engine.compile(trainingProgram(network, { inputShape: [3, h, w], batchSize: n, optimizer }));
    log("compiled");
    const feeds: any = generatedBatch(g.step.size);
    for (const [k, v] of Object.entries(optimizer.scalarsAt(1, 0.05))) feeds[k] = Float32Array.of(v as number);
    const { loss } = await ex.run(feeds);
    log(`loss ${loss[0]} ${g.step.loss}`);
    const sk = async (key: string, seedName: string) => sketchOf(seedName, (await engine.read([key])).get(key)!);
    const tensors = tensorsOf(network);
    const parameters = tensors.filter((t) => t.role === "parameter").map((t) => t.name);
    const buffers = tensors.filter((t) => t.role === "buffer" && !t.name.endsWith("tracked")).map((t) => t.name);
    const gd: any[] = [],
      pd: any[] = [],
      bd: any[] = [];
    for (const [i, p] of parameters.entries()) {
      gd.push([distance(await sk(slotName(p, "momentum_buffer"), p), g.step.gradients[i]) / g.step.gradients[i][0], p]);
      pd.push([distance(await sk(p, p), g.step.parameters[i]) / g.step.parameters[i][0], p]);
    }
    for (const [i, p] of buffers.entries())
      bd.push([distance(await sk(p, p), g.step.buffers[i]) / g.step.buffers[i][0], p]);
    for (const [k, l] of [
      ["g", gd],
      ["p", pd],
      ["b", bd],
    ] as const) {
      l.sort((a, b) => b[0] - a[0]);
      log(
        `${k} ${l
          .slice(0, 4)
          .map((x: any) => x[0].toExponential(1) + " " + x[1])
          .join(
            ", ",
          )} over 1e-3: ${l.filter((x: any) => x[0] > 1e-3).length} of ${l.length}, median ${l[l.length >> 1]?.[0]}`,
      );
    }
    log(`rss ${process.memoryUsage().rss / 2 ** 20} max ${process.resourceUsage().maxRSS / 1024}`);
    await engine.close();
  },
  600000,
);

import { createRequire } from "node:module";
import { messageOf } from "../errors.ts";
import type { EngineName } from "./engine.ts";

/** Whether an engine can be used here. */
export interface EngineReport {
  readonly name: EngineName;
  readonly version: string | null;
  readonly available: boolean;
  /** Why not, or what is special. */
  readonly reason: string | null;
}

/** All engines, and what would make training faster on this machine. */
export async function inspectEngines(): Promise<{ engines: EngineReport[]; advice: string[] }> {
  const onnx = await inspectOnnx();
  const reference: EngineReport = {
    name: "reference",
    version: null,
    available: true,
    reason: "plain loops, slow: for checks",
  };
  const advice: string[] = [];
  if (!onnx.available)
    advice.push("Install the package onnxruntime-node: without it only the slow reference engine is left.");
  else if (onnx.reason?.startsWith("no blocked"))
    advice.push("Training is faster on x86-64 processors with AVX2 or AVX-512.");
  return { engines: [onnx, reference], advice };
}

async function inspectOnnx(): Promise<EngineReport> {
  try {
    const { version } = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
    const { findBlockSize } = await import("./onnx/session.ts");
    const block = await findBlockSize();
    const reason = block === 0 ? "no blocked layout on this processor" : `blocks of ${block} channels`;
    return { name: "onnx", version, available: true, reason };
  } catch (error) {
    return { name: "onnx", version: null, available: false, reason: messageOf(error) };
  }
}

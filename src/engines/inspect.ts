import { createRequire } from "node:module";
import { messageOf, UserError } from "../errors.ts";
import type { EngineName } from "./engine.ts";

/** Whether an engine can be used here. */
export interface EngineReport {
  readonly name: EngineName;
  readonly version: string | null;
  readonly available: boolean;
  /** Why not, or what is special. */
  readonly reason: string | null;
}

/** What brings a missing ONNX Runtime back: npm drops it where its install script cannot download its CUDA libraries. */
const INSTALL_AGAIN =
  "Run npm install again with --ignore-scripts: the install script of onnxruntime-node fetches only what ocelli does not use.";

/** The version of a package that is installed, or undefined. */
function versionOf(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  try {
    return (require(`${name}/package.json`) as { version: string }).version;
  } catch {
    return undefined;
  }
}

/** Whether a package is there, which may not show its version. */
function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** The version of ONNX Runtime, if it is installed. */
export const onnxVersion = (): string | undefined => versionOf("onnxruntime-node");

/** What brings a missing koffi back. */
const WITH_OPTIONAL = "Run npm install again, without --omit=optional.";

/** Throws a `UserError` unless ONNX Runtime is installed. */
export function expectOnnxRuntime(): void {
  expectPackage("onnxruntime-node", INSTALL_AGAIN);
}

/** Throws a `UserError` unless ONNX Runtime and koffi, by which the onnx engine calls it, are installed. */
export function expectOnnxEngine(): void {
  expectOnnxRuntime();
  expectPackage("koffi", WITH_OPTIONAL);
}

function expectPackage(name: string, hint: string): void {
  if (isInstalled(name)) return;
  throw new UserError(
    `engine onnx: expected the package ${name} to be installed but it is missing.`,
    `${hint} Or take --engine reference, which is slow.`,
  );
}

/** Throws a `UserError` unless koffi and a oneDNN that can be used are installed. */
export async function expectOnednn(): Promise<void> {
  const { loadLibrary } = await importLibrary();
  loadLibrary();
}

/**
 * The fastest engine of this machine: onednn where a libdnnl for x86-64 is (elsewhere its kernels are slow), else onnx. `note`
 * says why a libdnnl that is there is passed over.
 */
export async function fastestEngine(): Promise<{ readonly name: EngineName; readonly note?: string }> {
  if (process.arch !== "x64") return { name: "onnx" };
  try {
    const { findLibrary } = await importLibrary();
    return { name: findLibrary() ? "onednn" : "onnx" };
  } catch (error) {
    const note = `${messageOf(error)} The onnx engine is used instead.`;
    return process.env.OCELLI_DNNL || isInstalled("koffi") ? { name: "onnx", note } : { name: "onnx" };
  }
}

async function importLibrary(): Promise<typeof import("./onednn/library.ts")> {
  try {
    return await import("./onednn/library.ts");
  } catch (error) {
    throw new UserError(
      `engine onednn: expected the package koffi to be installed but it cannot be loaded (${messageOf(error).split("\n")[0]}).`,
      WITH_OPTIONAL,
    );
  }
}

/** All engines, the one that `auto` takes, and what would make training faster on this machine. */
export async function inspectEngines(): Promise<{ engines: EngineReport[]; automatic: string; advice: string[] }> {
  const onnx = await inspectOnnx();
  const reference: EngineReport = {
    name: "reference",
    version: null,
    available: true,
    reason: "plain loops, slow: for checks",
  };
  const onednn = await inspectOnednn();
  const advice = onednn.hint === undefined ? [] : [onednn.hint];
  const { name: automatic, note } = await fastestEngine();
  if (onnx.version === null) advice.push(INSTALL_AGAIN);
  else if (!onnx.available && !onednn.report.available) advice.push("Only the slow reference engine is left.");
  else if (onnx.reason?.startsWith("no blocked"))
    advice.push("Training is faster on x86-64 processors with AVX2 or AVX-512.");
  return { engines: [onnx, onednn.report, reference], automatic, advice: note ? [note, ...advice] : advice };
}

async function inspectOnnx(): Promise<EngineReport> {
  const version = onnxVersion();
  const missing = { name: "onnx", version: version ?? null, available: false } as const;
  try {
    expectOnnxEngine();
    const { findBlockSize } = await import("./onnx/session.ts");
    const block = findBlockSize();
    const reason = block === 0 ? "no blocked layout on this processor" : `blocks of ${block} channels`;
    return { ...missing, available: true, reason };
  } catch (error) {
    return { ...missing, reason: messageOf(error).split("\n")[0] ?? null };
  }
}

async function inspectOnednn(): Promise<{ report: EngineReport; hint?: string }> {
  try {
    const { file, version } = (await importLibrary()).loadLibrary();
    const report: EngineReport = { name: "onednn", version: version.join("."), available: true, reason: file };
    return { report };
  } catch (error) {
    const report: EngineReport = { name: "onednn", version: null, available: false, reason: messageOf(error) };
    return { report, hint: error instanceof UserError ? `For the onednn engine: ${error.hint}` : undefined };
  }
}

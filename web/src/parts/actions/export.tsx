import { useState } from "preact/hooks";
import type { ExportRequest } from "../../../../src/serving/dashboard/api.ts";
import { runApi, send } from "../../server.ts";
import { tell } from "../toast.tsx";
import { ActionDialog } from "./action-dialog.tsx";
import type { ActionProps } from "./change.tsx";

const FORMATS: readonly (readonly [ExportRequest["to"], string])[] = [
  ["onnx", "onnx: one file with preprocessing and classes"],
  ["pth", "pth: weights for PyTorch"],
  ["safetensors", "safetensors: weights"],
  ["web", "web: a page that classifies in the browser"],
];
const PRECISIONS: readonly (readonly [ExportRequest["precision"], string])[] = [
  ["fp32", "fp32: as trained"],
  ["fp16", "fp16: half the size"],
  ["int8", "int8: a quarter of the size, measured against fp32"],
];

/** Asks for a format. */
export function Export({ run, onClose }: ActionProps) {
  const [to, setTo] = useState<ExportRequest["to"]>("onnx");
  const [precision, setPrecision] = useState<ExportRequest["precision"]>("fp32");
  const isWeights = to === "pth" || to === "safetensors";
  const act = async (): Promise<void> => {
    await send("POST", runApi(run.id, "exports"), { to, precision: isWeights ? "fp32" : precision });
    tell("The export is being made; it appears under Overview.");
  };
  return (
    <ActionDialog title="Export the model" verb="Export" act={act} onClose={onClose}>
      <label class="field">
        <span>
          <code>--to</code>
        </span>
        <select value={to} onChange={(event) => setTo(event.currentTarget.value as ExportRequest["to"])}>
          {FORMATS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label class="field">
        <span>
          <code>--precision</code> {isWeights && <span class="faint">of an ONNX file or a page</span>}
        </span>
        <select
          value={isWeights ? "fp32" : precision}
          disabled={isWeights}
          onChange={(event) => setPrecision(event.currentTarget.value as ExportRequest["precision"])}
        >
          {PRECISIONS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <p class="faint">
        It is written to <code>{run.company.exports.folder}</code>.
      </p>
    </ActionDialog>
  );
}

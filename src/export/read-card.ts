/** The model card of whatever has one. */
import { readWeights } from "../checkpoint/index.ts";
import { readModelMetadata } from "../engines/onnx/model-file.ts";
import { isRunFolder, loadModel } from "../training/index.ts";
import { type ModelCard, parseCard } from "./card.ts";
import { cardOf, findFacts } from "./facts.ts";

/**
 * The card in an exported file; of a run folder, the one that its export would have. What has none is a `UserError`. What is
 * left out of a run's card is told by `note`.
 */
export async function readCard(path: string, note: (line: string) => void = () => {}): Promise<ModelCard> {
  if (await isRunFolder(path)) {
    const model = await loadModel(path);
    return cardOf(model, await findFacts(path, model, note));
  }
  if (path.endsWith(".onnx")) return parseCard(await readModelMetadata(path), path);
  const card = (await readWeights(path)).entries.get("card");
  return parseCard(typeof card === "string" ? { card } : {}, path);
}

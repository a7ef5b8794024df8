/** Networks that answer at once: the last ones asked stay open. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type Explainer, explainPrepared, openExplainer, type PreparedPicture } from "../../../explain/index.ts";
import { encodePng } from "../../../image/index.ts";
import { softmaxRows, topClasses } from "../../../metrics/index.ts";
import { type LoadedModel, loadModel, openModel, RUN_FILES, type Trainer } from "../../../training/index.ts";
import type { Workers } from "../../work/work.ts";
import type { Classified } from "../api.ts";
import { withPatience } from "./patience.ts";

/** How a picture is asked about. */
export interface Asked {
  /** What errors call it, where it has no file. */
  readonly name: string;
  /** Aborts when nobody waits any more. */
  readonly client?: AbortSignal;
}

/** Models by the folders of their runs. */
export interface Models {
  /** What the run's best weights make of a picture given as its path or its bytes. What is no picture is a `UserError`. */
  classify(run: string, picture: string | Uint8Array, asked: Asked): Promise<Classified>;
  close(): Promise<void>;
}

interface OpenModel {
  readonly model: LoadedModel;
  readonly trainer: Trainer;
  readonly explainer: Explainer;
}

/** Models that stay open. */
const OPEN = 2;
const TOP = 5;

async function open(run: string): Promise<OpenModel> {
  const model = await loadModel(run);
  const trainer = await openModel(model, { batchSize: 1 });
  return { model, trainer, explainer: openExplainer(model, trainer.engine, { batchSize: 1 }) };
}

async function close(opened: Promise<OpenModel>): Promise<void> {
  const model = await opened.catch(() => undefined);
  await model?.explainer.close();
  await model?.trainer.close();
}

/** No model open. */
export function createModels(workers: Pick<Workers, "preparation">): Models {
  const opened = new Map<string, { stamp: number; model: Promise<OpenModel> }>();
  let last: Promise<unknown> = Promise.resolve();
  const get = async (run: string): Promise<OpenModel> => {
    const stamp = await stat(join(run, RUN_FILES.best)).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    const found = opened.get(run);
    opened.delete(run);
    if (found && found.stamp !== stamp) await close(found.model);
    const entry = found?.stamp === stamp ? found : { stamp, model: open(run) };
    opened.set(run, entry);
    for (const [oldest, { model }] of opened) {
      if (opened.size <= OPEN) break;
      opened.delete(oldest);
      await close(model);
    }
    entry.model.catch(() => opened.delete(run));
    return entry.model;
  };
  // one after the other, so that none is closed under another
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.catch(() => {}).then(work);
    last = done;
    return done;
  };
  return {
    async classify(run, picture, { name, client }) {
      const { model } = await inTurn(() => get(run));
      const about = { model, name: typeof picture === "string" ? picture : name };
      const prepared = await withPatience((signal) => workers.preparation(picture, about, signal), client);
      return inTurn(async () => answerOf(await get(run), prepared));
    },
    async close() {
      await last.catch(() => {});
      await Promise.all([...opened.values()].map(({ model }) => close(model)));
      opened.clear();
    },
  };
}

async function answerOf({ model, explainer }: OpenModel, prepared: PreparedPicture): Promise<Classified> {
  const { logits, overlay } = await explainPrepared(explainer, prepared, { model });
  const rows = { data: logits, classes: model.classes.length };
  const probabilities = softmaxRows(rows);
  return {
    top: topClasses(rows, 0, Math.min(TOP, model.classes.length)).map((index) => ({
      class: model.classes[index] ?? String(index),
      probability: probabilities[index] ?? 0,
    })),
    overlay: `data:image/png;base64,${Buffer.from(await encodePng(overlay)).toString("base64")}`,
  };
}

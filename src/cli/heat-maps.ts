/** Pictures under the heat map of the class that they are taken for, as files. */
import { basename, join } from "node:path";
import { messageOf, UserError } from "../errors.ts";
import type { Classifier } from "../export/index.ts";
import type { LoadedModel, PictureAnswer, PictureSource } from "../training/index.ts";

/** Writes a heat map for each answer. */
export interface HeatMapWriter {
  /** The file's path; undefined for an answer that is an error. */
  write(answer: PictureAnswer, source: PictureSource): Promise<string | undefined>;
}

/** Writes `NAME.heat.png` into `folder`, which is made if need be; of a second picture of that name `NAME-2.heat.png`. To be used before the classifier is closed. */
export async function openHeatMaps(
  folder: string,
  { network: model, classifier }: { readonly network: LoadedModel | undefined; readonly classifier: Classifier },
): Promise<HeatMapWriter> {
  const { engine } = classifier;
  if (!model || !engine) {
    throw new UserError(
      "--heatmap: expected a network whose gradients can be taken but an exported model has none.",
      "Give the run that it was made of, or a .pth file.",
    );
  }
  const { explainPicture, openExplainer } = await import("../explain/index.ts");
  const { encodePng } = await import("../image/index.ts");
  const { writeFileAtomic } = await import("../atomic-file.ts");
  const { makeFolder } = await import("../data/make-folder.ts");
  const explainer = openExplainer(model, engine, { batchSize: 1 });
  const nameFor = freeNames();
  await makeFolder(folder).catch((error: unknown) => {
    const message = `--heatmap "${folder}": expected a folder to write to but it cannot be made (${messageOf(error)}).`;
    throw new UserError(message, "Choose another folder.", { cause: error });
  });
  return {
    async write(answer, { open, file, name = file }) {
      const classIndex = answer.error ? undefined : answer.top[0]?.index;
      if (classIndex === undefined) return undefined;
      const { overlay } = await explainPicture(explainer, await open(), { model, name, classIndex });
      const path = join(folder, nameFor(file));
      await writeFileAtomic(path, await encodePng(overlay));
      return path;
    },
  };
}

/** A name for a file's heat map that no file before had. */
function freeNames(): (file: string) => string {
  const taken = new Set<string>();
  return (file) => {
    const stem = file === "-" ? "standard-input" : basename(file).replace(/\.\w+$/, "");
    let name = `${stem}.heat.png`;
    // some file systems take names for one that differ only in capitals, or in how accents are written
    const key = (): string => name.normalize("NFC").toLowerCase();
    for (let number = 2; taken.has(key()); number++) name = `${stem}-${number}.heat.png`;
    taken.add(key());
    return name;
  };
}

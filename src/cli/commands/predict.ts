import { stat } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { Command } from "@commander-js/extra-typings";
import { messageOf, UserError } from "../../errors.ts";
import type { LoadedModel, PredictedPicture, Trainer } from "../../training/index.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { engineOption, examples, jsonOption, numeric, threadsOption } from "../options.ts";
import { EXIT, note, percent, print, printJson } from "../output.ts";

const PICTURES = "**/*.{png,jpg,jpeg,webp,gif,tif,tiff,PNG,JPG,JPEG}";
const STANDARD_INPUT = "-";

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );

/**
 * The picture files that the arguments name: files, all pictures below folders, globs, or `-`. What holds no picture
 * stays as it is, to be told when its turn comes.
 */
async function findPictures(args: readonly string[]): Promise<string[]> {
  const { glob } = await import("tinyglobby");
  const found: string[] = [];
  for (const arg of args) {
    const entry = arg === STANDARD_INPUT ? undefined : await stat(arg).catch(() => undefined);
    let pictures: string[] = [];
    if (entry?.isDirectory()) pictures = (await glob(PICTURES, { cwd: arg })).map((name) => join(arg, name));
    else if (!entry && /[*?[{]/.test(arg))
      pictures = await glob(arg, { expandDirectories: false, absolute: isAbsolute(arg) });
    found.push(...(pictures.length === 0 ? [arg] : pictures.sort()));
  }
  return found;
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface PredictOptions {
  readonly model: LoadedModel;
  readonly trainer: Trainer;
  readonly top: number;
}

async function predictFile(file: string, { model, trainer, top }: PredictOptions): Promise<PredictedPicture> {
  const { predict, readInput } = await import("../../training/index.ts");
  if (await isFolder(file))
    throw new UserError(`"${file}": expected pictures but the folder holds none.`, "Give another folder, or files.");
  const input = await (file === STANDARD_INPUT
    ? readInput(await readStandardInput(), model, "standard input")
    : readInput(file, model, file));
  return predict(trainer, { input, classes: model.classes, k: top });
}

/** Predicts each file; one that cannot be read is told and passed over. Returns how many there were of those. */
export async function predictFiles(
  files: readonly string[],
  options: PredictOptions & { readonly json?: boolean; readonly logits?: boolean },
): Promise<number> {
  let failures = 0;
  for (const file of files) {
    try {
      const { top, logits } = await predictFile(file, options);
      if (options.json) printJson({ file, top, ...(options.logits && { logits: Array.from(logits) }) });
      else print(`${file}  ${top.map((ranked) => `${ranked.class} ${percent(ranked.probability)}`).join(", ")}`);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      failures++;
      if (options.json) printJson({ file, error: messageOf(error) });
      else note(`error: ${error.message}\nhint: ${error.hint}`);
    }
  }
  return failures;
}

/** `ocelli predict` */
export const predictCommand = new Command("predict")
  .description("Name the classes of pictures")
  .argument("<model>", "a run folder or a .pth file")
  .argument("<images...>", "files, folders, globs, or - for standard input")
  .option("--model <name>", "the model of a bare state dict")
  .option("--top <count>", "classes for each picture", numeric, 3)
  .option("--logits", "with --json, also the network's raw outputs")
  .addOption(engineOption)
  .addOption(threadsOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples(
      "ocelli predict runs/first three.png",
      "ocelli predict runs/first photos/ --json",
      "cat three.png | ocelli predict runs/first -",
    ),
  )
  .action(
    guarded(async (path, images, { model: name, top, logits, engine, threads, json }) => {
      const { loadModel, openModel } = await import("../../training/index.ts");
      const count = wholeNumber("--top", top);
      const computing = threads === undefined ? undefined : wholeNumber("--threads", threads);
      const model = await loadModel(path, { model: name });
      const files = await findPictures(images);
      const trainer = await openModel(model, { engine, threads: computing, batchSize: 1 });
      try {
        const failures = await predictFiles(files, { model, trainer, top: count, json, logits });
        if (0 < failures) process.exitCode = EXIT.userError;
      } finally {
        await trainer.close();
      }
    }),
  );

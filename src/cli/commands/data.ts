import { stat } from "node:fs/promises";
import { Command, Option } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import { checkReport, pixelCheck, pixelReport } from "../check-report.ts";
import { guarded, wholeNumber } from "../guarded.ts";
import { augmentOption, examples, jsonOption, numeric, transposeOption } from "../options.ts";
import { EXIT, note, print, printJson } from "../output.ts";

const PHOTOS = "a folder with train and val, a folder of class folders, or a .csv, .tsv, .jsonl or .json manifest";

const sizeOption = new Option("--size <pixels>", "side of what the network takes").default(224).argParser(numeric);
const shareOption = new Option("--val-share <share>", "of each class for validation, where it has no photos of its own")
  .default(0.2)
  .argParser(numeric);
const seedOption = new Option("--seed <number>", "of everything that is by chance").default(0).argParser(numeric);

/** How photos that have no validation set are divided, as two options ask for. */
function splitOf(share: number | string, seed: number | string): { share: number; seed: number } {
  const portion = Number(share);
  if (0 < portion && portion < 1) return { share: portion, seed: wholeNumber("--seed", seed, 0) };
  throw new UserError(
    `--val-share: expected a number between 0 and 1 but got "${share}".`,
    "Give another value, or leave --val-share out.",
  );
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

/** Tells how far a check is, where someone watches; the function that is returned wipes it away. */
function progressLine(): { show: (done: number, total: number) => void; clear: () => void } {
  if (process.stderr.isTTY !== true) return { show: () => {}, clear: () => {} };
  return {
    show: (done, total) => void process.stderr.write(`\r\x1b[2KOpening photos: ${done} of ${total}`),
    clear: () => void process.stderr.write("\r\x1b[2K"),
  };
}

const checkCommand = new Command("check")
  .description("Open every photo and tell what is wrong: unreadable files, copies, odd sizes and colours, imbalance")
  .argument("<data>", `${PHOTOS}; or mnist, fashion-mnist, digits, a folder of IDX files`)
  .addOption(sizeOption)
  .addOption(shareOption)
  .addOption(seedOption)
  .addOption(transposeOption)
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli data check photos", "ocelli data check labels.csv --json"))
  .action(
    guarded(async (data, { size, valShare, seed, transpose, json }) => {
      const { checkPhotos, DATA_NAMES, loadData, namesPhotos } = await import("../../data/index.ts");
      const isNamed = (DATA_NAMES as readonly string[]).includes(data);
      if (isNamed || (!(await namesPhotos(data)) && (await isFolder(data)))) {
        const loaded = await loadData(data, { transpose }); // its files are held to their headers and to each other
        const pixels = pixelCheck(data, loaded);
        if (json) printJson(pixels);
        else print(pixelReport(pixels));
        return;
      }
      const { show, clear } = progressLine();
      const options = { ...splitOf(valShare, seed), size: wholeNumber("--size", size), onProgress: show };
      const check = await checkPhotos(data, options).finally(clear);
      if (json) printJson(check);
      else print(checkReport(check));
      if (!check.ok) process.exitCode = EXIT.userError;
    }),
  );

const showCommand = new Command("show")
  .description("Draw the first pictures of an epoch as the network sees them, with their classes")
  .argument("<data>", `mnist, fashion-mnist, digits, a folder of IDX files, ${PHOTOS}`)
  .requiredOption("--out <file>", "the PNG file to write")
  .option("--count <number>", "pictures", numeric, 24)
  .option("--epoch <number>", "from 1", numeric, 1)
  .addOption(augmentOption)
  .option("--no-exif", "leave photos as they are stored, as torchvision does, and not as their EXIF data turns them")
  .addOption(sizeOption)
  .addOption(shareOption)
  .addOption(seedOption)
  .addOption(transposeOption)
  .addOption(jsonOption)
  .addHelpText(
    "after",
    examples("ocelli data show photos --out batch.png", "ocelli data show photos --augment none --out plain.png"),
  )
  .action(
    guarded(async (data, { out, count, epoch, augment, exif, size, valShare, seed, transpose, json }) => {
      const { loadData, photoPreparations } = await import("../../data/index.ts");
      const { writeFileAtomic } = await import("../../atomic-file.ts");
      const split = splitOf(valShare, seed);
      const number = wholeNumber("--epoch", epoch);
      const shown = { seed: split.seed, epoch: number - 1, count: wholeNumber("--count", count) };
      const { firstBatchPng } = await import("../../reports/index.ts");
      const preparation = photoPreparations({ augmentation: augment, crop: wholeNumber("--size", size), orient: exif });
      const { train, notes = [] } = await loadData(data, { transpose, photos: { ...split, preparation } });
      for (const text of notes) note(text);
      const subtitle = `The first ${Math.min(shown.count, train.length)} of epoch ${number}, seed ${seed}`;
      await writeFileAtomic(out, await firstBatchPng(train, { ...shown, subtitle }));
      if (json) printJson({ picture: out, images: Math.min(shown.count, train.length) });
      else print(`picture   ${out}`);
    }),
  );

/** `ocelli data` */
export const dataCommand = new Command("data")
  .description("Look at data before training on it")
  .addCommand(checkCommand)
  .addCommand(showCommand)
  .addHelpText("after", examples("ocelli data check photos", "ocelli data show photos --out batch.png"));

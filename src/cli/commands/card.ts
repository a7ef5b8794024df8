import { Command } from "@commander-js/extra-typings";
import { cardText } from "../card-text.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { note, print, printJson } from "../output.ts";

/** `ocelli card` */
export const cardCommand = new Command("card")
  .description("Print the model card of an exported file: data, accuracy, recipe, licence")
  .argument("<file>", "a file that ocelli exported, or a run folder")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli card ants.onnx", "ocelli card ants-int8.onnx --json"))
  .action(
    guarded(async (file, { json }) => {
      const { readCard } = await import("../../export/index.ts");
      const { configValues, resolveConfig } = await import("../../training/index.ts");
      const card = await readCard(file, note);
      if (json) printJson(card);
      else print(cardText(card, { ...configValues(resolveConfig([])) }));
    }),
  );

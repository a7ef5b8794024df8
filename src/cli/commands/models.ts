import { Command } from "@commander-js/extra-typings";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { print, printJson, table } from "../output.ts";

const CLASSES = 10;

/** `ocelli models` */
export const modelsCommand = new Command("models")
  .description("List the networks that ocelli knows, with their parameters and multiply-accumulates")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli models", "ocelli models --json"))
  .action(
    guarded(async ({ json }) => {
      const { countMacs, MODELS } = await import("../../models/index.ts");
      const { parameterCount } = await import("../../nn/index.ts");
      const models = MODELS.map(({ name, description, inputShape, build }) => {
        const network = build({ classes: CLASSES });
        const macs = countMacs(network, inputShape);
        return {
          name,
          description,
          inputShape,
          classes: CLASSES,
          parameters: parameterCount(network),
          macs,
          weights: [],
        };
      });
      if (json) return printJson({ models });
      const count = (value: number): string => value.toLocaleString("en-US");
      const rows = models.map((model) => [
        model.name,
        model.inputShape.join("×"),
        count(model.parameters),
        count(model.macs),
        model.description,
      ]);
      print(table([["name", "image", "parameters", "MACs", "description"], ...rows]));
    }),
  );

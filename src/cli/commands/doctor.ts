import { availableParallelism, totalmem } from "node:os";
import { Command } from "@commander-js/extra-typings";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { print, printJson } from "../output.ts";

/** `ocelli doctor` */
export const doctorCommand = new Command("doctor")
  .description("Show what this machine has, and what would make ocelli faster")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli doctor", "ocelli doctor --json"))
  .action(
    guarded(async ({ json }) => {
      const { inspectEngines } = await import("../../engines/index.ts");
      const { cacheFolder } = await import("../../cache/index.ts");
      const { engines, automatic, advice } = await inspectEngines();
      const report = {
        node: process.version,
        platform: `${process.platform}-${process.arch}`,
        cores: availableParallelism(),
        memoryGiB: Math.round(totalmem() / 2 ** 28) / 4,
        cache: cacheFolder(),
        engines,
        automatic,
        devices: [{ name: "cpu", available: true }],
        advice,
      };
      if (json) return printJson(report);
      print(`node      ${report.node} on ${report.platform}, ${report.cores} cores, ${report.memoryGiB} GiB`);
      print(`cache     ${report.cache}`);
      for (const { name, version, available, reason } of engines) {
        print(
          `engine    ${name} ${version ?? ""} ${available ? "available" : "missing"}${reason ? `: ${reason}` : ""}`,
        );
      }
      const usable = engines.some(({ name, available }) => name === automatic && available);
      print(
        `auto      --engine auto ${usable ? `takes ${automatic}, the fastest of these` : `wants ${automatic}, which is missing`}`,
      );
      for (const line of advice) print(`advice    ${line}`);
      if (advice.length === 0) print("advice    none: everything that this version can use is here");
    }),
  );

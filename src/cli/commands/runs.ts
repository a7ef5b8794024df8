import { Command, Option } from "@commander-js/extra-typings";
import { UserError } from "../../errors.ts";
import type { RunAccount, RunLine } from "../../training/index.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { note, print, printExact, printJson } from "../output.ts";
import { comparisonTable, evaluationTable, metricsCsv, runTable } from "../run-tables.ts";

const ORDERS = ["began", "name", "accuracy", "loss", "epochs", "seconds"] as const;

/** What is wrong with a run, on standard error. */
function tellProblems(run: string, problems: readonly string[]): void {
  for (const problem of problems) note(`${run}: ${problem}`);
}

async function listFolder(folder: string, { sort, json }: { sort: (typeof ORDERS)[number]; json?: true }) {
  const { listRuns, RUN_ORDERS } = await import("../../training/index.ts");
  const found: RunLine[] = await listRuns(folder);
  const runs = found.sort(RUN_ORDERS[sort]);
  if (json) return printJson({ runs });
  if (runs.length === 0) return print(`No runs in ${folder}. Train one with: ocelli train digits`);
  print(runTable(runs));
  for (const { run, problems } of runs) tellProblems(run, problems);
}

/** A run of which there is at least one file. */
async function accountOf(path: string): Promise<RunAccount> {
  const { looksLikeRun, readRunAccount } = await import("../../training/index.ts");
  if (await looksLikeRun(path)) return readRunAccount(path);
  throw new UserError(
    `"${path}": expected the folder of a run but it has none of a run's files.`,
    "List the runs in a folder with: ocelli runs FOLDER",
  );
}

const compareCommand = new Command("compare")
  .description("What differs between runs: settings and results")
  .argument("<runs...>", "two or more run folders")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli runs compare runs/digits-mnist-cnn-1 runs/digits-mnist-cnn-2"))
  .action(
    guarded(async (paths, { json }) => {
      if (paths.length < 2) throw new UserError("compare: expected two runs or more but got one.", "Name another run.");
      const accounts: RunAccount[] = [];
      for (const path of paths) accounts.push(await accountOf(path));
      const { compareRuns } = await import("../../training/index.ts");
      const comparison = compareRuns(accounts);
      if (json) printJson(comparison);
      else print(comparisonTable(comparison));
      for (const { path, problems } of accounts) tellProblems(path, problems);
    }),
  );

const metricsCommand = new Command("metrics")
  .description("The figures of a run: its evaluations, or all records as CSV")
  .argument("<run>", "a run folder")
  .option("--csv", "every step and evaluation as comma-separated values")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli runs metrics runs/first", "ocelli runs metrics runs/first --csv > first.csv"))
  .action(
    guarded(async (path, { csv, json }) => {
      if (csv && json) throw new UserError("metrics: expected --csv or --json but got both.", "Leave one of them out.");
      const { records, problems } = await accountOf(path);
      if (json) return printJson({ records, problems });
      csv ? printExact(metricsCsv(records)) : print(evaluationTable(records));
      tellProblems(path, problems);
    }),
  );

/** `ocelli runs` */
export const runsCommand = new Command("runs")
  .description("List the runs in a folder, compare some, or print the figures of one")
  .argument("[folder]", "where runs are", "runs")
  .addOption(new Option("--sort <by>", "what comes first").choices(ORDERS).default("began" as const))
  .addOption(jsonOption)
  .enablePositionalOptions() // --json after `compare` is that command's
  .addHelpText("after", examples("ocelli runs", "ocelli runs --sort accuracy", "ocelli runs compare runs/a runs/b"))
  .action(guarded(async (folder, options) => listFolder(folder, options)))
  .addCommand(compareCommand as unknown as Command)
  .addCommand(metricsCommand as unknown as Command);

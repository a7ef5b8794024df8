#!/usr/bin/env node
/** The command line. Commands load what they need when they run, so that help is there at once. */
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "@commander-js/extra-typings";
import { writeError } from "../atomic-file.ts";
import { listenToCaches } from "../cache/index.ts";
import { reserveEnvironment } from "../environment.ts";
import { benchCommand } from "./commands/bench.ts";
import { cacheCommand } from "./commands/cache.ts";
import { cardCommand } from "./commands/card.ts";
import { dataCommand } from "./commands/data.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { evalCommand } from "./commands/eval.ts";
import { exportCommand } from "./commands/export.ts";
import { modelsCommand } from "./commands/models.ts";
import { predictCommand } from "./commands/predict.ts";
import { reportCommand } from "./commands/report.ts";
import { resumeCommand } from "./commands/resume.ts";

import { runsCommand } from "./commands/runs.ts";

import { serveCommand } from "./commands/serve.ts";

import { startCommand } from "./commands/start.ts";
import { trainCommand } from "./commands/train.ts";
import { uiCommand } from "./commands/ui.ts";
import { leaveAtOnce } from "./guarded.ts";
import { examples } from "./options.ts";
import { EXIT, failWith, note, printError, printJsonError, wantsJson } from "./output.ts";

reserveEnvironment();
listenToCaches(note);

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const commands = [
  trainCommand,
  resumeCommand,
  evalCommand,
  predictCommand,
  exportCommand,
  cardCommand,
  reportCommand,
  runsCommand,
  serveCommand,
  dataCommand,
  cacheCommand,
  modelsCommand,
  doctorCommand,
  benchCommand,
  startCommand,
  uiCommand,
];

const program = new Command("ocelli")
  .description("Train, evaluate and use image classifiers from TypeScript")
  .version(version)
  .enablePositionalOptions() // what comes after a command's name is that command's
  .addHelpText(
    "after",
    examples(
      "ocelli start",
      "ocelli train mnist --epochs 3",
      "ocelli eval runs/mnist-mnist-cnn-1 mnist",
      "ocelli train --help",
    ) +
      "\nExit codes: 0 done; 1 an error in two lines, or pictures without an answer; 2 a wrong flag; 70 a bug; 130 stopped by Ctrl-C.\n" +
      'With --json each command prints one object, and predict one a picture; an error is {"error": {"message", "hint"}}.\n',
  );

/** Wrong flags in the same two lines as other errors: commander's message, and its suggestion as the hint. */
function wrongFlag(text: string): void {
  const [message = "", suggestion] = text
    .trim()
    .replace(/^error: /, "")
    .split("\n");
  const sentence = `${message}${message.endsWith(".") ? "" : "."}`;
  const hint = suggestion?.replace(/^\((.*)\)$/, "$1") ?? "See the options with --help.";
  note(`error: ${sentence}\nhint: ${hint}`);
  if (wantsJson()) printJsonError(sentence, hint);
}

// whoever reads our output may have enough of it, as `head` does
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  void leaveAtOnce(error.code === "EPIPE" ? EXIT.fine : printError(writeError("standard output", error)));
});
// whoever reads our progress too, but the work goes on
process.stderr.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

for (const command of commands) program.addCommand(command as unknown as Command);
for (const command of [program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)])
  command.exitOverride().configureOutput({ outputError: wrongFlag });

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.wrongFlag;
  else process.exitCode = failWith(error);
}

/** Commands that are printed after a run are read here as a shell and the command line read them. */
import { spawnSync } from "node:child_process";
import type { Command } from "@commander-js/extra-typings";
import { expect, test } from "vitest";
import { resolveConfig, type TrainSummary } from "../training/index.ts";
import { evalCommand } from "./commands/eval.ts";
import { predictCommand } from "./commands/predict.ts";
import { resumeCommand } from "./commands/resume.ts";
import { suggestions } from "./suggestions.ts";

/** The words that a shell makes of each suggested command. */
function commandsIn(text: string): string[][] {
  const [, list = ""] = /^try next {2}(.*)$/.exec(text) ?? [];
  return list.split(" · ").map((command) => {
    const { stdout, stderr } = spawnSync("sh", ["-c", `ocelli() { printf '%s\\0' "$@"; }; ${command}`], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    return stdout.split("\0").slice(0, -1);
  });
}

/** What the command line reads in them: the arguments and options of each, by the command's name. */
function readBy(text: string): Record<string, { args: unknown; options: unknown }> {
  const known = [evalCommand, predictCommand, resumeCommand] as unknown as Command[];
  const read = commandsIn(text).map(([name = "", ...words]) => {
    const command = known.find((one) => one.name() === name);
    if (!command) throw new Error(`no command ${name}`);
    let seen: { args: unknown; options: unknown } = { args: [], options: {} };
    command.exitOverride().action((...all: unknown[]) => {
      const given = Object.entries(command.opts()).filter(([key]) => command.getOptionValueSource(key) === "cli");
      seen = { args: all.slice(0, command.registeredArguments.length), options: Object.fromEntries(given) };
    });
    command.parse(words, { from: "user" });
    return [name, seen] as const;
  });
  return Object.fromEntries(read);
}

const summary = { run: "my runs/it's $1", epochs: 3, steps: 30 } as TrainSummary;
const suggested = (values: Record<string, unknown>, more: Partial<TrainSummary> = {}): string =>
  suggestions({ ...summary, ...more }, resolveConfig([{ from: "flag", values: { data: "my photos", ...values } }]));

test("run and data with blanks and signs are one word each", () => {
  expect(readBy(suggested({ epochs: 3 }))).toEqual({
    eval: { args: ["my runs/it's $1", "my photos"], options: {} },
    predict: { args: ["my runs/it's $1", ["IMAGE…"]], options: {} },
    resume: { args: ["my runs/it's $1"], options: { epochs: 5 } },
  });
});

test.each([
  ["all epochs are done", { epochs: 3 }, {}, { epochs: 5 }],
  ["steps were limited", { epochs: 9, maxSteps: 30 }, {}, { maxSteps: 0 }],
  ["patience was at its end", { epochs: 9, patience: 2 }, {}, { patience: 0 }],
  [
    "the backbone was frozen",
    { epochs: 3, freeze: "backbone", learningRate: 0.01 },
    {},
    { epochs: 5, unfreeze: true, lr: 0.001 },
  ],
  [
    "the backbone was frozen until a later epoch",
    { epochs: 9, patience: 2, freeze: "backbone", unfreezeAt: 5, learningRate: 3e-7 },
    {},
    { patience: 0, unfreeze: true, lr: 3e-8 },
  ],
  ["all was trained at last", { epochs: 3, freeze: "backbone", unfreezeAt: 2 }, {}, { epochs: 5 }],
])("%s: so the run goes on", (_, values, more, options) => {
  expect(readBy(suggested(values, more)).resume).toEqual({ args: ["my runs/it's $1"], options });
});

/** The commands of the command line as Commander has them, with the examples of their help. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Command } from "@commander-js/extra-typings";

/** A command by its whole name, such as `data check`. */
export interface KnownCommand {
  readonly name: string;
  readonly flags: ReadonlySet<string>;
  /** Lines of its help after `$ `. */
  readonly examples: readonly string[];
}

const FOLDER = "src/cli/commands";
/** Flags of every command. */
const USUAL = ["--help", "--version"];

function known(command: Command, name: string): KnownCommand[] {
  const help: string[] = [];
  command.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp();
  const own = {
    ...{ name, examples: examplesIn(help.join("")) },
    flags: new Set([...USUAL, ...command.options.flatMap(({ long }) => long ?? [])]),
  };
  return [own, ...command.commands.flatMap((child) => known(child as Command, `${name} ${child.name()}`))];
}

/** The examples in a help text. */
export const examplesIn = (help: string): string[] => [...help.matchAll(/^ +\$ (.+)$/gm)].map(([, line = ""]) => line);

/** All commands and their subcommands. */
export async function commandTree(): Promise<ReadonlyMap<string, KnownCommand>> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
  const modules = await Promise.all(
    files.map((file) => import(pathToFileURL(join(FOLDER, file)).href) as Promise<Record<string, unknown>>),
  );
  const commands = modules.flatMap((module) => Object.values(module)).filter((value) => value instanceof Command);
  return new Map(commands.flatMap((one) => known(one, one.name())).map((one) => [one.name, one]));
}

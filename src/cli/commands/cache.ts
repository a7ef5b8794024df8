import { Argument, Command } from "@commander-js/extra-typings";
import {
  CACHE_KINDS,
  type CacheEntry,
  type CacheKind,
  cacheFolder,
  listCache,
  removeEntry,
} from "../../cache/index.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { note, print, printJson, table } from "../output.ts";

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** Entries as JSON has them. */
const described = (entries: readonly CacheEntry[]) =>
  entries.map(({ used, ...entry }) => ({ ...entry, used: new Date(used).toISOString() }));

const totalOf = (entries: readonly CacheEntry[]): number => entries.reduce((sum, { bytes }) => sum + bytes, 0);

const listCommand = new Command("list")
  .description("What ocelli keeps, how large it is and when it was last used")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli cache list", "ocelli cache list --json"))
  .action(
    guarded(async ({ json }) => {
      const [folder, entries] = [cacheFolder(), await listCache()];
      if (json) return printJson({ folder, bytes: totalOf(entries), entries: described(entries) });
      if (entries.length === 0) return print(`Nothing is kept in ${folder}.`);
      const rows = entries.map(({ kind, bytes, used, path }) => [
        ...[kind, megabytes(bytes), new Date(used).toISOString().slice(0, 16).replace("T", " "), path],
      ]);
      print(table([["kind", "size", "last used (UTC)", "where"], ...rows]));
      print(`${megabytes(totalOf(entries))} in ${folder}`);
    }),
  );

/** Fonts are left where no kind is named: a run that draws a picture at this moment reads them. */
const isMeant = (entry: CacheEntry, kind: CacheKind | undefined): boolean =>
  kind === undefined ? entry.kind !== "fonts" : entry.kind === kind;

const clearCommand = new Command("clear")
  .description("Remove what ocelli keeps, all but the fonts or one kind; it is made or fetched again when needed")
  .addArgument(new Argument("[kind]", "only entries of this kind").choices(CACHE_KINDS))
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli cache clear", "ocelli cache clear features"))
  .action(
    guarded(async (kind, { json }) => {
      const entries = await listCache();
      const removed = entries.filter((entry) => isMeant(entry, kind));
      for (const entry of removed) await removeEntry(entry);
      if (kind === undefined && removed.length < entries.length)
        note("Kept the fonts, which running processes may draw with; remove them with: ocelli cache clear fonts");
      if (json) return printJson({ folder: cacheFolder(), bytes: totalOf(removed), removed: described(removed) });
      for (const { path, bytes } of removed) print(`removed ${path} (${megabytes(bytes)})`);
      print(`Removed ${removed.length} ${removed.length === 1 ? "entry" : "entries"}, ${megabytes(totalOf(removed))}.`);
    }),
  );

/** `ocelli cache` */
export const cacheCommand = new Command("cache")
  .description(
    "List or remove what ocelli keeps: features, data sets, fonts, measured choices (weights lie in PyTorch's folder)",
  )
  .enablePositionalOptions()
  .addHelpText("after", examples("ocelli cache list", "ocelli cache clear features"))
  .addCommand(listCommand as unknown as Command)
  .addCommand(clearCommand as unknown as Command);

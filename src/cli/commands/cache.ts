import { Argument, Command } from "@commander-js/extra-typings";
import type { CacheEntry, CacheKind } from "../../data/index.ts";
import { guarded } from "../guarded.ts";
import { examples, jsonOption } from "../options.ts";
import { print, printJson, table } from "../output.ts";

const WHAT: Readonly<Record<CacheKind, string>> = {
  features: "features of frozen parts, by photos, weights and settings",
  data: "data sets that were downloaded",
  fonts: "fonts of pictures, unpacked",
  choices: "measured choices of the onnx engine",
};

const KINDS = Object.keys(WHAT) as CacheKind[];

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;
const sum = (entries: readonly CacheEntry[]): number => entries.reduce((total, { bytes }) => total + bytes, 0);

const listCommand = new Command("list")
  .description("Show what is kept on this machine, where, and when it was last used")
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli cache list", "OCELLI_CACHE_LIMIT=2 ocelli train photos   # GB of features"))
  .action(
    guarded(async ({ json }) => {
      const { cacheFolder, cacheLimit, listCache } = await import("../../data/index.ts");
      const [folder, limit, entries] = [cacheFolder(), cacheLimit(), await listCache()];
      if (json) return printJson({ folder, limitBytes: limit, bytes: sum(entries), entries });
      const rows = KINDS.flatMap((kind) => {
        const own = entries.filter((entry) => entry.kind === kind);
        const [last] = own;
        if (!last) return [];
        const files = own.length === 1 ? "1 file" : `${own.length} files`;
        return [[kind, megabytes(sum(own)), files, new Date(last.used).toISOString().slice(0, 10), WHAT[kind]]];
      });
      if (0 < rows.length) print(table(rows));
      print(`${megabytes(sum(entries))} in ${folder}; features are kept up to ${limit / 1e9} GB (OCELLI_CACHE_LIMIT)`);
    }),
  );

const clearCommand = new Command("clear")
  .description("Remove what is kept; it is made or fetched again when it is needed")
  .addArgument(new Argument("[kinds...]", "what to remove (default: all)").choices(KINDS))
  .addOption(jsonOption)
  .addHelpText("after", examples("ocelli cache clear", "ocelli cache clear features"))
  .action(
    guarded(async (given, { json }) => {
      const { clearCache } = await import("../../data/index.ts");
      const removed = await clearCache(given.length === 0 ? KINDS : (given as CacheKind[]));
      if (json) return printJson({ bytes: sum(removed), entries: removed });
      print(`${removed.length} ${removed.length === 1 ? "file" : "files"} removed, ${megabytes(sum(removed))}`);
    }),
  );

/** `ocelli cache` */
export const cacheCommand = new Command("cache")
  .description("Show and remove what ocelli keeps on this machine")
  .addCommand(listCommand)
  .addCommand(clearCommand);

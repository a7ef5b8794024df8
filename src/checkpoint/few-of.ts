/** Lists of names that are cut short. */
import { brief } from "../harmless.ts";

/** A name between quotes, cut where it is long. */
export const shownName = (name: string): string => `"${brief(name)}"`;

/** How many names are shown where nothing else is said. */
export const FEW = 3;

/** The first few of `names`, of which there may be more than are given, and how many more there are. */
export function fewOf(names: readonly string[], { few = FEW, of = names.length } = {}): string {
  return `${names.slice(0, few).join(", ")}${few < of ? ` and ${of - few} more` : ""}`;
}

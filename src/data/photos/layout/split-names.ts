/** Names of folders that say whether their photos are for training, validation or testing. */

/** What photos are for. */
export type Split = "train" | "val" | "test";

const SPLIT_WORDS: ReadonlyMap<string, Split> = new Map([
  ...["train", "training", "trn", "tr", "trainval"].map((word) => [word, "train"] as const),
  ...["val", "valid", "validation", "vali", "dev", "devel", "development"].map((word) => [word, "val"] as const),
  ...["eval", "evaluation", "holdout"].map((word) => [word, "val"] as const),
  ...["test", "testing", "tests", "tst", "te"].map((word) => [word, "test"] as const),
]);

/** Words that stand beside a split's name without saying more. */
const PLAIN_WORDS = new Set([
  ...["seg", "set", "sets", "dataset", "datasets", "data", "split", "splits", "subset", "part", "folder", "dir"],
  ...["image", "images", "img", "imgs", "picture", "pictures", "pic", "pics", "photo", "photos", "sample", "samples"],
  ...["file", "files", "class", "classes", "classification", "cls", "cropped", "resized", "final", "ilsvrc"],
]);

/** A split, and the words of the name that say more than that, such as "birds" of `birds_train`. */
export interface SplitName {
  readonly split: Split;
  readonly rest: string;
  /** Whether the name is the split's alone, without plain words. */
  readonly bare: boolean;
}

/** What the name of a folder says, in any case and with any separators: `seg_train`, `TestSet`, `val-images`, `train2017`. */
export function splitName(name: string): SplitName | undefined {
  const words = wordsOf(name);
  const splits = words.map((word) => SPLIT_WORDS.get(word));
  const known = splits.filter((split) => split !== undefined);
  const isBoth = known.length === 2 && known[0] === "train" && known[1] === "val"; // "train_val" is for training
  if (known.length !== 1 && !isBoth) return undefined;
  const rest = words.filter((word, index) => splits[index] === undefined && !PLAIN_WORDS.has(word)).join(" ");
  return { split: known[0] ?? "train", rest, bare: words.length === known.length };
}

/** The split of a name that says nothing more, such as `train` or `val_images`; undefined for any other. */
export function plainSplit(name: string): Split | undefined {
  const said = splitName(name);
  return said?.rest === "" ? said.split : undefined;
}

/** Whether a name is one of words that say nothing of a class, such as "images". */
export const isPlainName = (name: string): boolean => {
  const words = wordsOf(name);
  return 0 < words.length && words.every((word) => PLAIN_WORDS.has(word));
};

/** The words of a name in lower case, without numbers; `trainset` is two words. */
function wordsOf(name: string): string[] {
  const spaced = name.normalize("NFC").replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2");
  const words = spaced.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return words.flatMap((word) => parted(word.replace(/\d+$/, ""))).filter((word) => word !== "");
}

/** A word, or the split's name and the plain word that it is made of. */
function parted(word: string): string[] {
  if (SPLIT_WORDS.has(word) || PLAIN_WORDS.has(word)) return [word];
  for (let at = 2; at <= word.length - 2; at++) {
    const [first, second] = [word.slice(0, at), word.slice(at)];
    if (SPLIT_WORDS.has(first) && PLAIN_WORDS.has(second)) return [first, second];
    if (PLAIN_WORDS.has(first) && SPLIT_WORDS.has(second)) return [first, second];
  }
  return [word];
}

/** Folders by their splits. */
export type SplitFolders = Readonly<Record<Split, readonly string[]>>;

/**
 * The folders that are splits by their names, the likeliest of each split first. A name that says more, as `birds_train`, is one
 * only if a sibling says the same of another split, as `birds_val`.
 */
export function splitFolders(names: readonly string[]): SplitFolders {
  const told = names.flatMap((name) => {
    const said = splitName(name);
    return said ? [{ name, ...said }] : [];
  });
  const hasPartner = ({ rest, split }: SplitName): boolean =>
    told.some((other) => other.rest === rest && (other.split === "train") !== (split === "train"));
  const sure = told.filter((one) => one.rest === "" || hasPartner(one));
  const rankOf = ({ name, rest, bare, split }: SplitName & { name: string }): number =>
    [name === split, name.toLowerCase() === split, bare, rest === "", true].indexOf(true);
  const of = (split: Split): string[] =>
    sure
      .filter((one) => one.split === split)
      .sort((a, b) => rankOf(a) - rankOf(b) || placeOf(a.name) - placeOf(b.name))
      .map(({ name }) => name);
  return { train: of("train"), val: of("val"), test: of("test") };
}

/** Where the word of a bare name stands in the list of those of its split. */
const placeOf = (name: string): number => [...SPLIT_WORDS.keys()].indexOf(name.toLowerCase());

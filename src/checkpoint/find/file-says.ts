/** What a checkpoint of others says about its network beside the weights: which it is, and the names of its classes. */
import { entriesOf, itemsOf } from "../pth/foreign.ts";
import type { PthValue } from "../pth/read.ts";

/** Where training scripts keep their settings. */
const SETTINGS = ["args", "config", "cfg", "hparams", "hyper_parameters", "opt", "params", "meta"];
const NAMES = ["arch", "architecture", "model_name", "model_arch", "model", "backbone", "network", "encoder_name"];
const CLASSES = ["classes", "class_names", "class_to_idx", "idx_to_class", "labels", "names", "id2label", "label2id"];

type Entries = ReadonlyMap<PthValue, PthValue>;

/** The entries of a file, and those of its settings. */
function* places(entries: Entries): Generator<Entries> {
  yield entries;
  for (const key of SETTINGS) {
    const inner = entriesOf(entries.get(key));
    if (inner) yield inner;
  }
}

/** The names of architectures that a file says, such as `resnet18`, as torchvision writes them. */
export const saidModels = (entries: Entries): string[] =>
  [...places(entries)].flatMap((place) =>
    NAMES.flatMap((key) => {
      const name = place.get(key);
      return typeof name === "string" && name.length < 100 ? [name.toLowerCase().replaceAll("-", "_")] : [];
    }),
  );

/** Lists of classes that a file says, in the order of the network's outputs, each with the key that it was under. */
export const saidClasses = (entries: Entries): { readonly key: string; readonly classes: readonly string[] }[] =>
  [...places(entries)].flatMap((place) =>
    CLASSES.flatMap((key) => {
      const classes = classesOf(place.get(key));
      return classes ? [{ key, classes }] : [];
    }),
  );

/** More than any network tells apart. */
const MAX_CLASSES = 1_000_000;

function classesOf(value: PthValue): string[] | undefined {
  const items = itemsOf(value);
  if (items) return 0 < items.length && items.every(isName) ? items.map(String) : undefined;
  const entries = entriesOf(value);
  if (!entries || entries.size === 0 || MAX_CLASSES < entries.size) return undefined;
  const pairs = [...entries];
  const byIndex = pairs.every(([key]) => isIndex(key)) && pairs.every(([, name]) => isName(name));
  const byName = pairs.every(([, index]) => isIndex(index));
  if (!byIndex && !byName) return undefined;
  const classes: string[] = new Array(entries.size);
  for (const [key, other] of pairs) {
    const [index, name] = byName ? [other, key] : [key, other];
    classes[Number(index)] = String(name);
  }
  const whole = classes.length === entries.size && !Array.from(classes).includes(undefined as unknown as string);
  return whole ? classes : undefined;
}

const isName = (value: PthValue): boolean => typeof value === "string" || typeof value === "number";

const isIndex = (value: PthValue): boolean =>
  typeof value === "number"
    ? Number.isInteger(value) && 0 <= value && value < MAX_CLASSES
    : /^\d{1,7}$/.test(String(value));

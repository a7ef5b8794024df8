/** The text of `ocelli data check`. */
import { classCounts, type DataCheck, type IdxData, type Problem } from "../data/index.ts";
import { table } from "./output.ts";

/** Classes, files and groups that are listed before the rest is counted. */
const MOST_CLASSES = 20;
const MOST_FOUND = 5;
const MOST_OF_GROUP = 4;

const LAYOUTS = {
  split: "folders train and val",
  flat: "class folders, divided by chance",
  manifest: "a manifest",
} as const satisfies Record<DataCheck["layout"], string>;

/** The account for people. */
export function checkReport(check: DataCheck): string {
  const { train, val } = check.photos;
  const parts = [
    `${check.data}: ${train + val} photos in ${check.classes.length} classes (${LAYOUTS[check.layout]})`,
    check.notes.join("\n"),
    classTable(check),
    sidesLine(check.sides),
    ...check.problems.map(problemText),
    verdict(check),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

function classTable({ classes, photos }: Pick<DataCheck, "classes" | "photos">): string {
  const shown = classes.slice(0, MOST_CLASSES).map((entry) => [entry.class, entry.train, entry.val]);
  const rest = classes.slice(MOST_CLASSES);
  const sum = (split: "train" | "val"): number => rest.reduce((all, entry) => all + entry[split], 0);
  if (0 < rest.length) shown.push([`${rest.length} more`, sum("train"), sum("val")]);
  return table([["class", "train", "val"], ...shown, ["total", photos.train, photos.val]]);
}

const sidesLine = (sides: DataCheck["sides"]): string =>
  sides ? `sides of ${sides.least} to ${sides.most} pixels, in the middle ${sides.median.join("×")}` : "";

function problemText({ severity, message, hint, found }: Problem): string {
  const lines = found.slice(0, MOST_FOUND).map(({ files, detail }) => {
    const names = files.slice(0, MOST_OF_GROUP).join(" = ");
    const more = files.length > MOST_OF_GROUP ? ` and ${files.length - MOST_OF_GROUP} more` : "";
    return `  ${names}${more}${detail ? `: ${detail}` : ""}`;
  });
  if (found.length > MOST_FOUND) lines.push(`  … and ${found.length - MOST_FOUND} more; all of them with --json`);
  return [`${severity}: ${message}.`, ...lines, `  → ${hint}`].join("\n");
}

function verdict({ problems, ok }: DataCheck): string {
  const count = (severity: Problem["severity"]): string => {
    const number = problems.filter((problem) => problem.severity === severity).length;
    return `${number} ${severity}${number === 1 ? "" : "s"}`;
  };
  return `${ok ? "fine" : "broken"}: ${count("error")}, ${count("warning")}, ${count("note")}`;
}

/** What is told of a data set of pictures of one size, whose files were found to agree. */
export interface PixelCheck {
  readonly data: string;
  readonly source: string;
  readonly shape: readonly number[];
  readonly photos: DataCheck["photos"];
  readonly classes: DataCheck["classes"];
  readonly notes: readonly string[];
  readonly ok: true;
  readonly dataHash: string;
}

/** Counts the pictures of each class. */
export function pixelCheck(data: string, { train, test, source, dataHash, notes = [] }: IdxData): PixelCheck {
  const counts = [train, test].map(({ labels = [], classes }) => classCounts(Array.from(labels), classes.length));
  const [forTraining = [], forValidation = []] = counts;
  return {
    ...{ data, source, dataHash, notes, shape: train.shape, ok: true },
    photos: { train: train.length, val: test.length },
    classes: train.classes.map((name, at) => ({
      class: name,
      train: forTraining[at] ?? 0,
      val: forValidation[at] ?? 0,
    })),
  };
}

/** The account of it for people. */
export function pixelReport(check: PixelCheck): string {
  const [channels, height, width] = check.shape;
  const { train, val } = check.photos;
  const parts = [
    `${check.source}: ${train + val} pictures of ${height}×${width} pixels, ${channels === 1 ? "grey" : "in colour"}, in ${check.classes.length} classes`,
    check.notes.join("\n"),
    classTable(check),
    "fine: the files are whole and agree with each other",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What is wrong with photos, found among what a scan tells of them. */
import { classCounts } from "../sampling.ts";
import type { Fingerprint } from "./fingerprint.ts";
import type { HashedPhoto } from "./hash.ts";
import { nearDuplicates } from "./near-duplicates.ts";
import { alikeNames, type SkippedFile } from "./photo-set.ts";
import { RULES, type Rule, type RuleKind } from "./rules.ts";
import type { ScannedPhoto } from "./scan.ts";
import { are, counted, listed, photosOf } from "./words.ts";

/** A scanned photo and where it belongs. */
export interface CheckedPhoto extends ScannedPhoto {
  readonly split: "train" | "val";
  readonly label: number;
}

/** Names of problems; programs may rely on them. */
export type ProblemKind =
  | "unreadable"
  | "truncated"
  | "leakage"
  | "near-leakage"
  | "contradiction"
  | "duplicates"
  | "near-duplicates"
  | "class-names"
  | "imbalance"
  | RuleKind
  | "skipped";

/** Something that is wrong, or worth knowing. */
export interface Problem {
  readonly kind: ProblemKind;
  /** An `error` breaks training or its figures; a `warning` may; a `note` is good to know. */
  readonly severity: "error" | "warning" | "note";
  readonly message: string;
  /** What to do. */
  readonly hint: string;
  /** The files, or groups of files that belong together, perhaps with what is the matter with each. */
  readonly found: readonly { readonly files: readonly string[]; readonly detail?: string }[];
}

/** What problems are looked for in. */
export interface CheckedPhotos {
  readonly photos: readonly CheckedPhoto[];
  readonly skipped: readonly SkippedFile[];
  readonly classes: readonly string[];
  /** Side of what the network takes, in pixels. */
  readonly size: number;
}

/** Where the largest class is more than this many times the smallest, the small one is learned badly. */
const IMBALANCE = 3;
/** How errors word that a file ends too early. */
const TRUNCATED = /is cut off|ends too early/;

/** All problems, the worst first. */
export function findProblems(checked: CheckedPhotos): Problem[] {
  const { photos, skipped } = checked;
  const readable = photos.filter(({ fault }) => fault === undefined);
  const found = [
    ...faults(photos),
    ...copies(readable),
    ...classNames(checked.classes),
    ...lookalikes(readable),
    ...imbalance(checked),
    ...RULES.flatMap((rule) => apply(rule, readable, checked.size)),
    ...skippedFiles(skipped),
  ];
  const ranks = { error: 0, warning: 1, note: 2 } as const;
  return found.toSorted((a, b) => ranks[a.severity] - ranks[b.severity]);
}

function faults(photos: readonly CheckedPhoto[]): Problem[] {
  const broken = photos.flatMap(({ name, fault }) =>
    fault === undefined
      ? []
      : [{ files: [name], detail: fault.startsWith(`${name}: `) ? fault.slice(name.length + 2) : fault }],
  );
  const truncated = broken.filter(({ detail }) => TRUNCATED.test(detail));
  const unreadable = broken.filter((one) => !truncated.includes(one));
  const leaveOut = "remove them, or leave them out with --bad-files skip";
  return [
    problem("unreadable", unreadable, `${photosOf(unreadable.length)} cannot be read`, `Replace or ${leaveOut}.`),
    problem(
      "truncated",
      truncated,
      `${photosOf(truncated.length)} ${are(truncated.length)} cut off`,
      `Copy them again from where they came, or ${leaveOut}.`,
    ),
  ].flat();
}

const SEVERITIES: Readonly<Partial<Record<ProblemKind, Problem["severity"]>>> = {
  unreadable: "error",
  truncated: "error",
  leakage: "error",
  "near-leakage": "warning",
  contradiction: "warning",
  duplicates: "warning",
  "near-duplicates": "warning",
  "class-names": "warning",
  imbalance: "warning",
  "exif-rotated": "warning",
  tiny: "warning",
};

/** The problem, unless nothing was found. */
const problem = (kind: ProblemKind, found: Problem["found"], message: string, hint: string): Problem[] =>
  found.length === 0 ? [] : [{ kind, severity: SEVERITIES[kind] ?? "note", message, hint, found }];

/**
 * What the names and the content of files alone tell: pictures in train and in val, in several classes or twice, and classes
 * whose names differ hardly.
 */
export const cheapProblems = (photos: readonly HashedPhoto[], classes: readonly string[]): Problem[] => [
  ...copies(photos),
  ...classNames(classes),
];

const classNames = (classes: readonly string[]): Problem[] => {
  const groups = alikeNames(classes);
  const names = groups.map((group) => listed(group)).join("; ");
  return problem(
    "class-names",
    groups.map((files) => ({ files })),
    `${counted(groups.length, "class", "classes")} ${groups.length === 1 ? "is" : "are"} there under several names: ${names}`,
    "Write each class in one way: capitals, blanks and lines make names differ.",
  );
};

type Group = readonly Pick<HashedPhoto, "name" | "split" | "label">[];

/** Groups with photos of both splits, of several classes, and the rest. */
function sorted<One extends Group>(groups: readonly One[]): Record<"across" | "mixed" | "within", One[]> {
  const isAcross = (group: One): boolean => new Set(group.map(({ split }) => split)).size > 1;
  const isMixed = (group: One): boolean => new Set(group.map(({ label }) => label)).size > 1;
  return {
    across: groups.filter(isAcross),
    mixed: groups.filter(isMixed),
    within: groups.filter((group) => !isAcross(group) && !isMixed(group)),
  };
}

const filesOf = (groups: readonly Group[]): Problem["found"] =>
  groups.map((group) => ({ files: group.map(({ name }) => name) }));

function copies(photos: readonly HashedPhoto[]): Problem[] {
  const { across, mixed, within } = sorted(groupsBy(photos, ({ sha256 }) => sha256));
  const removeOne = "Keep one of each, and remove the others.";
  return [
    problem(
      "leakage",
      filesOf(across),
      `${counted(across.length, "picture")} ${are(across.length)} in train and in val`,
      "Remove them from one of the two: otherwise accuracy is measured on what was learned by heart.",
    ),
    problem(
      "contradiction",
      filesOf(mixed),
      `${counted(mixed.length, "picture")} ${are(mixed.length)} in more than one class`,
      "Find out which class is right, and remove the others.",
    ),
    problem(
      "duplicates",
      filesOf(within),
      `${counted(within.length, "picture")} ${are(within.length)} there more than once`,
      removeOne,
    ),
  ].flat();
}

function lookalikes(photos: readonly CheckedPhoto[]): Problem[] {
  const unique = [...new Map(photos.toReversed().map((photo) => [photo.sha256, photo])).values()]
    .reverse()
    .filter(({ fingerprint }) => fingerprint);
  const fingerprints = unique.map(({ fingerprint }) => fingerprint as Fingerprint);
  const groups = nearDuplicates(fingerprints).map((group) => group.flatMap((index) => unique[index] ?? []));
  const { across } = sorted(groups);
  const within = groups.filter((group) => !across.includes(group));
  const many = (count: number): string => `${counted(count, "group")} of photos look${count === 1 ? "s" : ""} alike`;
  return [
    problem(
      "near-leakage",
      filesOf(across),
      `${many(across.length)} across train and val`,
      "Look at them: if they are copies or of one series, keep them in one of the two.",
    ),
    problem(
      "near-duplicates",
      filesOf(within),
      many(within.length),
      "Look at them: if they are copies, keep one of each.",
    ),
  ].flat();
}

/** Photos that share a key, where there are two or more. */
function groupsBy<One>(photos: readonly One[], keyOf: (photo: One) => string): One[][] {
  const groups = new Map<string, One[]>();
  for (const photo of photos) {
    const group = groups.get(keyOf(photo));
    if (group) group.push(photo);
    else groups.set(keyOf(photo), [photo]);
  }
  return [...groups.values()].filter((group) => 1 < group.length);
}

function imbalance({ photos, classes }: CheckedPhotos): Problem[] {
  const counts = classCounts(
    photos.filter(({ split }) => split === "train").map(({ label }) => label),
    classes.length,
  );
  const [most, fewest] = [Math.max(...counts), Math.min(...counts)];
  if (most <= IMBALANCE * fewest) return [];
  const nameOf = (count: number): string => `"${classes[counts.indexOf(count)]}"`;
  return [
    {
      kind: "imbalance",
      severity: "warning",
      message: `${nameOf(most)} has ${most} photos for training but ${nameOf(fewest)} only ${fewest}`,
      hint: "Add photos of the small classes, or train with balanced classes.",
      found: [],
    },
  ];
}

function apply({ kind, test, message, hint }: Rule, photos: readonly CheckedPhoto[], size: number): Problem[] {
  const found = photos.flatMap(({ name, header }) => {
    const detail = header && test(header, size);
    return detail === undefined ? [] : [detail === "" ? { files: [name] } : { files: [name], detail }];
  });
  return problem(kind, found, message(found.length, size), hint);
}

function skippedFiles(skipped: readonly SkippedFile[]): Problem[] {
  const found = skipped.map(({ name, reason }) => ({ files: [name], detail: reason }));
  return problem(
    "skipped",
    found,
    `${counted(skipped.length, "file")} ${are(skipped.length)} not used`,
    "Nothing need be done unless a photo is among them: rename it, or put it into a class folder.",
  );
}

/** What the sources tell people to type: each command is there, and each flag is one of its own. */
import { readdirSync, readFileSync } from "node:fs";
import { join, sep } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";
import { commandTree } from "./command-tree.ts";

/** Flags of other programs. */
const FOREIGN = ["--data-binary", "--import", "--ignore-scripts", "--omit"];
/** What `ocelli` itself takes without a command. */
const ROOT = ["--help", "--version"];

const tree = await commandTree();
const everyFlag = new Set([...tree.values()].flatMap(({ flags }) => [...flags]));

const sources = ["src", "web/src", "web-export"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name).split(sep).join("/"))
    .filter((name) => /\.tsx?$/.test(name) && !name.endsWith(".test.ts") && !name.includes("node_modules")),
);

/** The texts of a source, each as a person would read it; what is filled in is `…`. */
function textsOf(file: string): string[] {
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node) || ts.isJsxText(node))
      texts.push(node.text);
    if (ts.isTemplateExpression(node))
      texts.push([node.head.text, ...node.templateSpans.map(({ literal }) => `…${literal.text}`)].join(""));
    ts.forEachChild(node, visit);
  };
  const isPage = file.startsWith("web");
  visit(ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.Latest, true));
  return isPage /* where "--line" alone is a colour */ ? texts.filter((text) => /\s/.test(text)) : texts;
}

/** The command that words begin with, such as `data check`; undefined if there is none of that name. */
function commandIn(words: string): string | undefined {
  const [first = "", second = ""] = words.split(/[^\w-]+/).filter((word) => word !== "");
  return [`${first} ${second}`, first].find((name) => tree.has(name));
}

/** A text without what style sheets call so: `var(--line)`, `--line: #ccc;`, `style="--line:…"`. */
const withoutStyle = (text: string): string => text.replace(/var\(--[\w-]+|--[\w-]+:[^;{}.]*;|style="--[\w-]+/g, "");

const flagsIn = (text: string): string[] =>
  [...withoutStyle(text).matchAll(/(?<![\w-])--[a-z][a-z0-9-]*(?![\w…])/g)]
    .map(([flag]) => flag.replace(/-$/, ""))
    .filter((flag) => !FOREIGN.includes(flag) && flag !== "--no");

/** What is wrong with the commands and flags in a text; `own` is the command that speaks, where it is known. */
function faultsIn(text: string, own: readonly string[]): string[] {
  const [before = "", ...commands] = text.split(/(?<![\w/"'.@-])ocelli (?=[a-z])/);
  // what is no sentence may be a part of another command's line
  const isSentence = /[.!?]$/.test(text);
  const ownFlags =
    own.length === 0 || !isSentence ? everyFlag : new Set(own.flatMap((name) => [...(tree.get(name)?.flags ?? [])]));
  const strange = flagsIn(before).filter((flag) => !ownFlags.has(flag));
  return [
    ...strange.map((flag) => `${flag} is no flag of ${own.join(", ") || "any command"}`),
    ...commands.flatMap((words) => {
      const name = commandIn(words);
      if (name === undefined) return flagsIn(words).length === 0 ? [] : [`there is no command "ocelli ${words}"`];
      // a command ends where the next sentence or another thought begins
      const [line = ""] = words.split(/[.;:](?:\s|$)|[`·(]| or | and /);
      return flagsIn(line)
        .filter((flag) => !tree.get(name)?.flags.has(flag))
        .map((flag) => `${flag} is no flag of ocelli ${name}`);
    }),
  ];
}

/** The commands whose texts a file holds; none where it may be any. */
function ownersOf(file: string): string[] {
  const [, command] = /^src\/cli\/commands\/([\w-]+)\.ts$/.exec(file) ?? [];
  if (command) return [...tree.keys()].filter((name) => name.split(" ")[0] === command);
  return file.startsWith("src/serving/api/") ? ["serve"] : [];
}

test.each(
  sources
    .map((file) => [file, textsOf(file)] as const)
    .filter(([, texts]) => texts.some((text) => /--[a-z]|ocelli [a-z]/.test(text))),
)("%s names commands and flags that there are", (file, texts) => {
  expect(texts.flatMap((text) => faultsIn(text, ownersOf(file)))).toEqual([]);
});

test("a flag or a command that is not there is found", () => {
  expect(ROOT.every((flag) => everyFlag.has(flag))).toBe(true);
  expect(faultsIn("Give more with --epochz 3.", [])).toEqual(["--epochz is no flag of any command"]);
  expect(faultsIn("See: ocelli resume … --weights none", [])).toEqual(["--weights is no flag of ocelli resume"]);
  expect(faultsIn("See: ocelli train … --views 2. Or --seed 1.", [])).toEqual([]);
  expect(faultsIn("ocelli retrain --now", [])).toEqual(['there is no command "ocelli retrain --now"']);
  expect(faultsIn("Give another --port.", ["ui"])).toEqual([]);
  expect(faultsIn("Give another --host.", ["ui"])).toEqual(["--host is no flag of ui"]);
});

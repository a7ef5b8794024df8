/** No table is looked up by a name that may be one of the language: `table["constructor"]` is there in every object. */
import { relative } from "node:path";
import ts from "typescript";
import { expect, test } from "vitest";

/** Folders whose names are those of Programs and networks, which ocelli makes itself. */
const OWN_NAMES = /^src\/(graph|ops|onnx|engines\/(onednn|reference)|nn|models|testing)\//;
/** The one place that looks up, and tables that are written by names which were looked at before. */
const ALONE = ["src/lookup.ts", "src/training/config.ts"];

const config = ts.getParsedCommandLineOfConfigFile(
  "tsconfig.build.json",
  {},
  { ...ts.sys, onUnRecoverableConfigFileDiagnostic() {} },
);
const program = ts.createProgram(config?.fileNames ?? [], { ...config?.options, skipLibCheck: true });
const checker = program.getTypeChecker();

/** Whether a type is any text, rather than one of a few that are known. */
function isAnyText(type: ts.Type): boolean {
  if (type.isUnion()) return type.types.some(isAnyText);
  return (type.flags & (ts.TypeFlags.String | ts.TypeFlags.TemplateLiteral)) !== 0;
}

const typeOf = (node: ts.Node): ts.Type => checker.getTypeAtLocation(node);

/** Whether a node is `table[name]` or `name in table`, for any name. */
function isLookup(node: ts.Node): boolean {
  if (ts.isElementAccessExpression(node))
    return !ts.isLiteralExpression(node.argumentExpression) && isAnyText(typeOf(node.argumentExpression));
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.InKeyword &&
    !ts.isLiteralExpression(node.left) &&
    isAnyText(typeOf(node.left))
  );
}

function lookupsIn(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isLookup(node)) {
      const { line } = file.getLineAndCharacterOfPosition(node.getStart());
      found.push(`${relative(".", file.fileName)}:${line + 1}: ${node.getText()}`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test("tables are looked up with lookup(), and names are sought in Maps", () => {
  const files = program.getSourceFiles().filter(({ fileName }) => {
    const name = relative(".", fileName);
    return name.startsWith("src/") && !OWN_NAMES.test(name) && !ALONE.includes(name);
  });
  expect(files.length).toBeGreaterThan(200);
  expect(files.flatMap(lookupsIn)).toEqual([]);
});

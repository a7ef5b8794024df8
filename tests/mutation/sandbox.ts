/** The copy of the tree in which mutants are switched on. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { instrument, type Mutant, mutantsOf, type Source } from "./mutants.ts";

const { resolve } = createRequire(import.meta.url);

/** Writes what is new; whether it was. */
function write(path: string, content: Uint8Array | string): boolean {
  const bytes = Buffer.from(content);
  if (existsSync(path) && readFileSync(path).equals(bytes)) return false;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
  return true;
}

/** The functions that instrumented code calls: at their second call they are those of the switch, which V8 takes into loops. */
function header(name: string): string {
  const path = relative(dirname(join("src", name)), "src/mutation-switch.ts");
  return [
    `import { cover as switchCover, isActive as switchIsActive } from "${path.startsWith(".") ? path : `./${path}`}";`,
    "function stryCov_9fa48(...ids) { stryCov_9fa48 = switchCover; switchCover(...ids); }",
    "function stryMutAct_9fa48(id) { stryMutAct_9fa48 = switchIsActive; return switchIsActive(id); }",
    "",
  ].join("\n");
}

/** Copies the tree to `folder` with the sample's mutants in it and builds it; gives the mutants in their order with their numbers there. */
export async function prepare(folder: string, files: readonly Source[], sampled: readonly Mutant[]): Promise<Mutant[]> {
  const ranged = files
    .map((file) => ({ ...file, mutate: sampled.filter((mutant) => mutant.file === file.name).map((m) => m.location) }))
    .filter(({ mutate }) => 0 < mutate.length);
  const result = await instrument(ranged);
  const changed = new Map(result.files.map(({ name, content }) => [join("src", name), header(name) + content]));
  const listed = execFileSync("git", ["ls-files", "-co", "--exclude-standard", "-z"], { encoding: "utf8" });
  let isNew = write(join(folder, "src/mutation-switch.ts"), readFileSync(join(import.meta.dirname, "switch.ts")));
  for (const name of listed.split("\0")) {
    if (!existsSync(name) || name === "" || name === "node_modules") continue;
    const isWritten = write(join(folder, name), changed.get(name) ?? readFileSync(name));
    isNew ||= isWritten && /^(src|web)/.test(name) && !name.endsWith(".test.ts");
  }
  if (!existsSync(join(folder, "node_modules")))
    symlinkSync(join(process.cwd(), "node_modules"), join(folder, "node_modules"));
  if (isNew || !existsSync(join(folder, "dist/web"))) build(folder);
  const placed = new Map(mutantsOf(ranged as unknown as Source[], result).map((mutant) => [mutant.key, mutant]));
  return sampled.flatMap(({ key }) => placed.get(key) ?? []);
}

function build(folder: string): void {
  const run = (...args: string[]): void =>
    void execFileSync(process.execPath, args, {
      cwd: folder,
      stdio: "inherit",
      env: { ...process.env, NODE_ENV: "production" },
    });
  run(resolve("typescript/bin/tsc"), "-p", "tsconfig.build.json", "--noCheck");
  const vite = join(dirname(resolve("vite/package.json")), "bin/vite.js");
  for (const page of ["web", "web-export"]) run(vite, "build", "--config", `${page}/vite.config.ts`);
}

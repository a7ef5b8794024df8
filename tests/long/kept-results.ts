/** Keeps the last result of each file of long tests beside them, since they do not run with every change. */
import { mkdirSync, writeFileSync } from "node:fs";
import { arch, cpus, platform } from "node:os";
import { basename, join } from "node:path";
import type { Reporter, TestModule } from "vitest/node";

const FOLDER = join(import.meta.dirname, "results");
const SIGNS = { passed: "passed", failed: "**failed**", skipped: "left out", pending: "not ended" } as const;

function resultOf(module: TestModule): string {
  const lines = Array.from(module.children.allTests(), (test) => {
    const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
    return `| ${test.fullName.replaceAll("|", "\\|")} | ${SIGNS[test.result().state]} | ${seconds} |\n`;
  });
  const machine = `${cpus()[0]?.model.trim()}, ${cpus().length} cores, ${platform()} ${arch()}, Node ${process.version}`;
  return `# ${basename(module.moduleId)}

Made by \`npm run test:long\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.

| test | result | seconds |
| --- | --- | --- |
${lines.join("")}`;
}

/** A reporter of Vitest. */
export class KeptResults implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    mkdirSync(FOLDER, { recursive: true });
    const name = basename(module.moduleId).replace(".test.ts", ".md");
    writeFileSync(join(FOLDER, name), resultOf(module));
  }
}

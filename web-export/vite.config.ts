/** Bundles the page of `ocelli export --to web` into dist/, from where the command copies it. */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const folder = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: folder("."),
  base: "./",
  logLevel: "warn",
  build: {
    outDir: folder("../dist/web-page"),
    emptyOutDir: true,
    modulePreload: false,
    target: "es2022",
    rolldownOptions: { output: { entryFileNames: "page.js", assetFileNames: "[name][extname]" } },
  },
  worker: { format: "es", rolldownOptions: { output: { entryFileNames: "classifier.js" } } },
});

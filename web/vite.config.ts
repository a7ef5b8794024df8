import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = fileURLToPath(new URL(".", import.meta.url));

/** The dashboard's page, built into the package: `dist/web`. */
export default defineConfig({
  root: here,
  build: { outDir: `${here}../dist/web`, emptyOutDir: true, assetsInlineLimit: 0, modulePreload: { polyfill: false } },
  server: { proxy: { "/api": "http://127.0.0.1:7860" } },
  logLevel: "warn",
});

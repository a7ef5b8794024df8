/** The page that says what there is: self-contained, from the OpenAPI description. */
import { createHash } from "node:crypto";
import { escapeXml } from "../../../image/index.ts";
import { SCRIPT, STYLE } from "./assets.ts";
import { type Operation, operationText } from "./operation.ts";
import type { Schemas } from "./schema-text.ts";

/** The part of an OpenAPI description that the page shows. */
export interface ApiDescription {
  readonly paths?: object;
  readonly components?: object;
}

/** What the page says of the server besides. */
export interface ServerFacts {
  readonly version: string;
  readonly hasToken: boolean;
  readonly models: readonly { readonly name: string; readonly classes?: readonly string[] }[];
}

/** The page, and the policy that allows its own style and script alone. */
export interface DocsPage {
  readonly html: string;
  readonly policy: string;
}

const hashOf = (text: string): string => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** Makes the page. */
export function docsPage(description: ApiDescription, facts: ServerFacts): DocsPage {
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(STYLE)}`,
    `script-src ${hashOf(SCRIPT)}`,
    "connect-src 'self'",
    "img-src blob: data:",
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  ].join("; ");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>ocelli: what this server answers</title>
<link rel="icon" href="data:,">
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>ocelli <small>${escapeXml(facts.version)}</small></h1>
<p>Image classifiers over HTTP. The same as a machine reads it: <a href="openapi.json">openapi.json</a></p>
${facts.hasToken ? "" : modelList(facts)}
${tryIt(facts)}
${operations(description)}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
  return { html, policy };
}

function modelList({ models }: ServerFacts): string {
  const items = models.map(({ name, classes }) => {
    const shown = classes ? `${classes.length} classes: ${classes.slice(0, 12).join(", ")}` : "takes tensors";
    return `<li><code>${escapeXml(name)}</code> ${escapeXml(shown)}${classes && 12 < classes.length ? ", …" : ""}</li>`;
  });
  return `<h2>Models</h2>\n<ul>${items.join("\n")}</ul>`;
}

function tryIt({ models, hasToken }: ServerFacts): string {
  const names = models.filter(({ classes }) => classes).map(({ name }) => name);
  if (names.length === 0) return "";
  const first = hasToken ? "NAME" : (names[0] ?? "");
  const options = names.map((name) => `<option>${escapeXml(name)}</option>`).join("");
  const model = hasToken ? '<input name="model" required>' : `<select name="model">${options}</select>`;
  const header = hasToken ? " -H 'Authorization: Bearer TOKEN'" : "";
  const token = `<label>Token <input type="password" name="token" autocomplete="off"></label>`;
  return `<h2>Try it</h2>
<form id="try">
<label>Model ${model}</label>
${hasToken ? token : ""}
<label>Picture <input type="file" name="picture" accept="image/*" required></label>
<button>Classify</button>
</form>
<div id="answer" aria-live="polite"></div>
<pre><code>curl${escapeXml(header)} -H 'Content-Type: image/jpeg' --data-binary @photo.jpg <span id="origin"></span>/models/${escapeXml(first)}/predict</code></pre>`;
}

function operations({ paths = {}, components = {} }: ApiDescription): string {
  const all = Object.entries<Readonly<Record<string, unknown>>>(
    paths as Record<string, Readonly<Record<string, unknown>>>,
  ).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      path,
      method,
      operation: operation as Operation,
    })),
  );
  const schemas = (components as { schemas?: Schemas }).schemas ?? {};
  const tags = [...new Set(all.map(({ operation }) => operation.tags?.[0] ?? "More"))];
  return tags
    .map((tag) => {
      const own = all.filter(({ operation }) => (operation.tags?.[0] ?? "More") === tag);
      return `<h2>${escapeXml(tag)}</h2>\n${own.map((one) => operationText(one, schemas)).join("\n")}`;
    })
    .join("\n");
}

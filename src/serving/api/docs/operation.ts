/** One operation of an OpenAPI description on the page: parameters, body and answers, with examples. */
import { escapeXml } from "../../../image/index.ts";
import { type Schema, type Schemas, schemaText } from "./schema-text.ts";

type Content = Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown }>>;

/** What the page shows of an operation. */
export interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly description?: string;
    readonly schema?: Schema;
  }[];
  readonly requestBody?: { readonly content?: Content };
  readonly responses?: Readonly<Record<string, { readonly description?: string; readonly content?: Content }>>;
}

/** An operation with where it is. */
export interface PlacedOperation {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

/** The HTML of an operation, folded. */
export function operationText({ path, method, operation }: PlacedOperation, schemas: Schemas): string {
  const { summary = "", parameters = [], requestBody, responses = {} } = operation;
  const answers = Object.entries(responses).map(([status, answer]) => answerText(status, answer, schemas));
  const body = Object.entries(requestBody?.content ?? {}).map(([type, content]) => bodyText(type, content, schemas));
  return `<details>
<summary><b>${method.toUpperCase()}</b> <code>${escapeXml(path)}</code> <span>${escapeXml(summary)}</span></summary>
<div>
${parameters.length === 0 ? "" : `<h3>Parameters</h3>\n<dl>${parameters.map(parameterText).join("\n")}</dl>`}
${body.length === 0 ? "" : `<h3>Body</h3>\n${body.join("\n")}`}
<h3>Answers</h3>
${answers.join("\n")}
</div>
</details>`;
}

function parameterText({
  name,
  required,
  schema = {},
  ...parameter
}: NonNullable<Operation["parameters"]>[number]): string {
  const least = schema.minimum === undefined ? "" : `, at least ${schema.minimum}`;
  const otherwise = schema.default === undefined ? "" : `, ${schema.default} by default`;
  const type = `${schemaText(schema, {})}${least}${otherwise}${required || schema.default !== undefined ? "" : ", may be absent"}`;
  const about = parameter.description ?? "";
  return `<dt><code>${escapeXml(name)}</code> <small>${escapeXml(parameter.in)}</small></dt><dd>${escapeXml(about)} <small>${escapeXml(type)}</small></dd>`;
}

const box = (title: string, text: string): string =>
  `<figure><figcaption>${title}</figcaption><pre tabindex="0"><code>${escapeXml(text)}</code></pre></figure>`;
const boxes = ({ schema, example }: Content[string], schemas: Schemas): string => {
  const form = schema?.type === "string" ? "" : schema ? box("Form", schemaText(schema, schemas)) : "";
  return `${form}${example === undefined ? "" : box("Example", JSON.stringify(example, null, 2))}`;
};

function bodyText(type: string, content: Content[string], schemas: Schemas): string {
  const about = content.schema?.description ?? "";
  return `<p><code>${escapeXml(type)}</code> ${escapeXml(about)}</p>\n${boxes(content, schemas)}`;
}

/** Errors all have one form, so that they show an example alone. */
function answerText(
  status: string,
  { description = "", content = {} }: NonNullable<Operation["responses"]>[string],
  schemas: Schemas,
): string {
  const shown = Object.values(content).map((one) =>
    status.startsWith("2") ? boxes(one, schemas) : boxes({ example: one.example }, schemas),
  );
  return `<h4>${escapeXml(status)} <span>${escapeXml(description)}</span></h4>\n${shown.join("\n")}`;
}

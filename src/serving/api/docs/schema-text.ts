/** Schemas of an OpenAPI description as texts for people. */
import { lookup } from "../../../lookup.ts";

/** The part of a JSON schema that the texts tell. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly default?: unknown;
  readonly minimum?: number;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** Schemas that others refer to, by name. */
export type Schemas = Readonly<Record<string, Schema>>;

/** The schema that a reference names, or itself. */
export const resolveSchema = (schema: Schema, schemas: Schemas): Schema =>
  schema.$ref === undefined ? schema : (lookup(schemas, schema.$ref.slice(schema.$ref.lastIndexOf("/") + 1)) ?? {});

/** A schema in lines: objects with a line for each field, `?` behind the name of what may be absent. */
export function schemaText(given: Schema, schemas: Schemas, indent = ""): string {
  const schema = resolveSchema(given, schemas);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.anyOf) return schema.anyOf.map((option) => schemaText(option, schemas, indent)).join(" | ");
  const types = [schema.type ?? "anything"].flat();
  return types.map((type) => typeText(type, schema, { schemas, indent })).join(" | ");
}

interface Place {
  readonly schemas: Schemas;
  readonly indent: string;
}

function typeText(type: string, schema: Schema, { schemas, indent }: Place): string {
  if (type === "array") return `[${schemaText(schema.items ?? {}, schemas, indent)}, …]`;
  if (type === "string" && schema.format === "binary") return "bytes";
  if (type !== "object") return type;
  const deeper = `${indent}  `;
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const lines = Object.entries(properties).map(([name, field]) => {
    const { description } = resolveSchema(field, schemas);
    const about = description === undefined ? "" : `${deeper}// ${description}\n`;
    return `${about}${deeper}${name}${required.includes(name) ? "" : "?"}: ${schemaText(field, schemas, deeper)}`;
  });
  if (typeof others === "object") lines.push(`${deeper}…: ${schemaText(others, schemas, deeper)}`);
  return lines.length === 0 ? "{}" : `{\n${lines.join("\n")}\n${indent}}`;
}

import { at, type OpenApi, type Schema } from "./openapi.ts";

/** Objects whose content is the broker's own. */
const openSchemas = new Set(["Credentials"]);
const parts = ["allOf", "anyOf", "oneOf"];

/** Lets no object have a field that its schema does not name. Changes the document that it is given. */
export function closeSchemas(document: OpenApi): OpenApi {
  const seen = new Set<object>();

  function hasFields(schema: Schema): boolean {
    if (typeof schema.$ref === "string") return hasFields(at(document, schema.$ref.slice(1)) as Schema);
    return schema.properties !== undefined || partsOf(schema).some(hasFields);
  }

  /** What a value has to keep as a whole: a body, a field, an item. */
  function use(schema: Schema): void {
    if (typeof schema.$ref === "string" && openSchemas.has(schema.$ref.split("/").at(-1) ?? "")) return;
    const withFields = hasFields(schema);
    visit(schema);
    if (withFields) schema.unevaluatedProperties = false;
  }

  /** A part of another schema stays open, since the fields of the other parts are none of its own; its fields' values do not. */
  function visit(schema: Schema): void {
    if (seen.has(schema)) return;
    seen.add(schema);
    for (const field of Object.values((schema.properties ?? {}) as Record<string, Schema>)) use(field);
    if (typeof schema.items === "object" && schema.items !== null) use(schema.items as Schema);
    for (const part of partsOf(schema)) visit(part);
  }

  function visitBodies(value: unknown): void {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const [key, inner] of Object.entries(value)) {
      if (key === "schema") use(inner as Schema);
      else if (key !== "example" && key !== "examples") visitBodies(inner);
    }
  }

  for (const [name, schema] of Object.entries(document.components.schemas)) {
    if (!openSchemas.has(name)) visit(schema);
  }
  visitBodies(document.paths);
  visitBodies(document.components.responses);
  return document;
}

function partsOf(schema: Schema): Schema[] {
  return parts.flatMap((key) => (schema[key] as Schema[] | undefined) ?? []);
}

import { readFileSync } from "node:fs";
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { closeSchemas } from "./closed.ts";

/** The API's contract: what the platform's side implements, and the workers' side speaks. */
export const contractPath = new URL("../../fixtures/contract/openapi.yaml", import.meta.url);

export type Schema = Record<string, unknown>;

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  required?: boolean;
}

export interface ResponseObject {
  headers?: Record<string, unknown>;
  content?: Record<string, { schema: Schema; example?: unknown; examples?: Record<string, unknown> }>;
}

export interface Operation {
  operationId: string;
  requestBody?: ResponseObject;
  responses: Record<string, unknown>;
}

export interface OpenApi {
  paths: Record<string, Record<string, unknown>>;
  components: { schemas: Record<string, Schema>; responses: Record<string, ResponseObject> };
}

export class Contract {
  readonly document: OpenApi;
  readonly #ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: { uri: (text: string) => URL.canParse(text) },
  });
  readonly #validators = new Map<string, ValidateFunction>();

  constructor(text = readFileSync(contractPath, "utf8")) {
    this.document = Bun.YAML.parse(text) as OpenApi;
    this.#ajv.addSchema(this.document, "contract");
    this.#ajv.addSchema(closeSchemas(structuredClone(this.document)), "closed");
  }

  /**
   * What a value breaks of the schema that the JSON pointer leads to. A field that the schema does not have is an offence too:
   * both sides ignore what they do not know, so nothing else would show that one of them had changed.
   */
  offences(pointer: string, value: unknown): string[] {
    const wrong = this.#errors(`contract#${pointer}`, value);
    const errors = wrong.length > 0 ? wrong : this.#errors(`closed#${pointer}`, value).filter(isDeepest);
    return [...new Set(errors.map(describe))];
  }

  /** Of a header or a query, which are text: it may be read as a number where that is right. */
  offencesOfText(pointer: string, text: string): string[] {
    const asText = this.offences(pointer, text);
    return asText.length > 0 && /^-?\d{1,15}$/.test(text) ? this.offences(pointer, Number(text)) : asText;
  }

  /** The pointers of a list's entries; none where there is no list. */
  list(pointer: string): string[] {
    const list = this.#at(pointer);
    return Array.isArray(list) ? list.map((_, index) => `${pointer}/${index}`) : [];
  }

  /** Where it really is: behind a `$ref`, where there is one. */
  placeOf(pointer: string): string {
    const { $ref } = (this.#at(pointer) ?? {}) as { $ref?: string };
    return $ref === undefined ? pointer : this.placeOf($ref.slice(1));
  }

  /** @throws {Error} there is nothing */
  get<T>(pointer: string): T {
    const found = this.#at(this.placeOf(pointer));
    if (found === undefined) throw new Error(`the contract has no ${pointer}`);
    return found as T;
  }

  #at(pointer: string): unknown {
    return at(this.document, pointer);
  }

  #errors(place: string, value: unknown): ErrorObject[] {
    const validate = this.#validators.get(place) ?? this.#ajv.compile({ $ref: encodeURI(place) });
    this.#validators.set(place, validate);
    return validate(value) ? [] : (validate.errors ?? []).filter(isOwn);
  }
}

/** `paths`, `/ping`, `get` to a JSON pointer. */
export function pointerOf(...parts: string[]): string {
  return parts.map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
}

export function at(document: unknown, pointer: string): unknown {
  const parts = pointer.split("/").slice(1);
  return parts.reduce<unknown>(
    (inner, part) => (inner as Schema | undefined)?.[part.replaceAll("~1", "/").replaceAll("~0", "~")],
    document,
  );
}

/** `if` only says that a condition was looked at; its `then` has errors of its own. */
function isOwn({ keyword }: ErrorObject): boolean {
  return keyword !== "if";
}

/** Around a field that is not known all others count as not known either. */
function isDeepest({ instancePath }: ErrorObject, _index: number, all: readonly ErrorObject[]): boolean {
  return !all.some((other) => other.instancePath.startsWith(`${instancePath}/`));
}

function describe({ instancePath, message, params }: ErrorObject): string {
  const field: unknown = params.unevaluatedProperty;
  const allowed: unknown = params.allowedValues ?? params.allowedValue;
  const what = field === undefined ? message : `has a field that is not in the contract: ${field}`;
  return `${instancePath || "/"} ${what}${allowed === undefined ? "" : ` (${JSON.stringify(allowed)})`}`;
}

export const contract = new Contract();

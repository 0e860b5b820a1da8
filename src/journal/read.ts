import "../jitless.ts";
import { type ArkError, type ArkErrors, type Type, type } from "arktype";
import { Failure } from "../errors.ts";
import { executionFields, tradeFields } from "./fields.ts";
import {
  type Account,
  type AccountTrade,
  accountShape,
  accountTradeShape,
  executionShape,
  type Filled,
  type PlatformFile,
  platformFileShape,
  type StoredTrade,
  storedTradeShape,
  type User,
  userShape,
  type WireExecution,
} from "./wire.ts";

/** Checks what the platform sent against its shape. `where` says what it is: `GET /accounts, item 3`. */
export function checked<S extends Type>(shape: S, value: unknown, where: string): S["infer"] {
  const result: unknown = shape(value);
  if (result instanceof type.errors) throw contractFailure(where, explain(result));
  return result as S["infer"];
}

export function contractFailure(where: string, what: string): Failure {
  return new Failure("data", `${where}: ${what}.`, {
    code: "platform_contract",
    subject: where,
    hint: "The platform and this version of ami-workers do not agree on the API; compare `contract_version` and the platform's version.",
    retryable: false,
  });
}

const problemsMax = 3;

/** What was expected and where. Never what was found: it could be a credential or a signed link. */
function explain(errors: ArkErrors): string {
  const problems = [...errors].slice(0, problemsMax).map(describe);
  const more = errors.length - problems.length;
  return problems.join("; ") + (more > 0 ? `; and ${more} more` : "");
}

function describe(error: ArkError): string {
  const missing = error.data === undefined ? " (missing)" : "";
  return `${error.path.stringify() || "it"} must be ${expectedOf(error, error.path.stringify())}${missing}`;
}

/** The text of several errors together ends with what was found, so they are told one by one. */
function expectedOf(error: ArkError, path: string): string {
  const between = error.code === "union" ? " or " : " and ";
  const parts = error.hasCode("union") || error.hasCode("intersection") ? error.errors : null;
  if (parts === null) return error.expected;
  const told = parts.map((part) =>
    part.path.stringify() === path ? expectedOf(part, path) : `such that ${describe(part)}`,
  );
  return [...new Set(told)].join(between);
}

/** The named fields alone, null where they were left out. */
export function fill<T extends object>(fields: readonly (keyof T & string)[], value: T): Filled<T> {
  const filled: Partial<Record<keyof T, unknown>> = {};
  for (const field of fields) filled[field] = value[field] ?? null;
  return filled as Filled<T>;
}

const accountFields = accountShape.props.map((prop) => prop.key) as (keyof typeof accountShape.infer)[];
const fileFields = platformFileShape.props.map((prop) => prop.key) as (keyof typeof platformFileShape.infer)[];
const userFields = userShape.props.map((prop) => prop.key) as (keyof typeof userShape.infer)[];
const storedTradeFields = [...tradeFields, "trade_id", "user_id", "account_id", "broker"] as const;
const accountTradeFields = [...storedTradeFields, "state"] as const;

export function readAccount(value: unknown, where: string): Account {
  const account = fill(accountFields, checked(accountShape, value, where));
  const { source } = account;
  return { ...account, source: source === null ? null : { kind: "file", files: source.files.map(fillFile) } };
}

function fillFile(file: typeof platformFileShape.infer): PlatformFile {
  return fill(fileFields, file);
}

export function readUser(value: unknown, where: string): User {
  return fill(userFields, checked(userShape, value, where));
}

export function readExecution(value: unknown, where: string): WireExecution {
  return fill(executionFields, checked(executionShape, value, where));
}

export function readStoredTrade(value: unknown, where: string): StoredTrade {
  return fill(storedTradeFields, checked(storedTradeShape, value, where));
}

export function readAccountTrade(value: unknown, where: string): AccountTrade {
  return fill(accountTradeFields, checked(accountTradeShape, value, where));
}

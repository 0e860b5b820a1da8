import { type Contract, contract, type Operation, type Parameter, pointerOf, type ResponseObject } from "./openapi.ts";

/** A request and its answer, as they went over the wire. */
export interface Exchange {
  method: string;
  /** Below the base URL, without a query: `/accounts/7/trades`. */
  path: string;
  query: URLSearchParams;
  headers: Headers;
  body: string;
  answer: { status: number; headers: Headers; body: string };
}

export interface Offences {
  request: string[];
  answer: string[];
}

interface Found {
  /** JSON pointer of the operation. */
  pointer: string;
  operation: Operation;
  parameters: { parameter: Parameter; pointer: string }[];
  ids: Record<string, string>;
}

/** Answers of the web server and of Laravel that any operation can have; the contract's table of errors names them. */
const everywhere: Record<number, string> = { 404: "NotFound", 405: "ServerError", 413: "TooLarge", 419: "ServerError" };

/** What a request and its answer break of the contract. What is no operation of it (files, wrong URLs) breaks nothing. */
export function offencesOf(exchange: Exchange, against: Contract = contract): Offences {
  const found = find(exchange, against);
  if (found === null) return { request: [], answer: [] };
  return { request: requestOffences(exchange, found, against), answer: answerOffences(exchange, found, against) };
}

/**
 * As `offencesOf`, where a test sends on purpose what the contract forbids: that is no offence if the platform refuses it, as
 * a whole or item by item.
 */
export function unrefused(exchange: Exchange, against: Contract = contract): string[] {
  const { request, answer } = offencesOf(exchange, against);
  const taken = request.filter((offence) => !isRefused(offence, exchange));
  return [...taken.map((offence) => `request: ${offence}`), ...answer.map((offence) => `answer: ${offence}`)];
}

function find({ method, path }: Exchange, against: Contract): Found | null {
  const key = method.toLowerCase();
  for (const [template, item] of Object.entries(against.document.paths)) {
    const ids = match(template, path);
    const operation = item[key] as Operation | undefined;
    if (ids === null || operation === undefined) continue;
    const pointer = pointerOf("paths", template, key);
    const parameters = [pointerOf("paths", template, "parameters"), `${pointer}/parameters`].flatMap((list) =>
      against
        .list(list)
        .map((place) => ({ parameter: against.get<Parameter>(place), pointer: against.placeOf(place) })),
    );
    return { pointer, operation, parameters, ids };
  }
  return null;
}

function match(template: string, path: string): Record<string, string> | null {
  const names = template.split("/").map((part) => /^\{(\w+)\}$/.exec(part)?.[1] ?? null);
  const given = path.split("/");
  if (names.length !== given.length) return null;
  const ids: Record<string, string> = {};
  for (const [index, part] of template.split("/").entries()) {
    const name = names[index];
    if (name) ids[name] = decodeURIComponent(given[index] ?? "");
    else if (part !== given[index]) return null;
  }
  return ids;
}

function requestOffences(
  exchange: Exchange,
  { pointer, operation, parameters, ids }: Found,
  against: Contract,
): string[] {
  const offences: string[] = [];
  const { headers, query, body } = exchange;
  for (const { parameter, pointer: place } of parameters) {
    const { name, required = false } = parameter;
    const given = { path: ids[name] ?? null, query: query.get(name), header: headers.get(name) }[parameter.in];
    if (given === null && required) offences.push(`${parameter.in} ${name} is missing`);
    if (given === null) continue;
    const wrong = against.offencesOfText(`${place}/schema`, given);
    offences.push(...wrong.map((offence) => `${parameter.in} ${name} ${offence}`));
  }
  const known = new Set(
    parameters.filter(({ parameter }) => parameter.in === "query").map(({ parameter }) => parameter.name),
  );
  offences.push(
    ...[...query.keys()].filter((name) => !known.has(name)).map((name) => `query ${name} is none of its parameters`),
  );
  if (!headers.get("accept")?.includes("application/json")) offences.push("header Accept is not application/json");
  if (!/^Bearer \S+$/.test(headers.get("authorization") ?? "")) offences.push("header Authorization has no key");
  if (operation.requestBody === undefined) return offences;
  if (!headers.get("content-type")?.startsWith("application/json"))
    offences.push("header Content-Type is not application/json");
  if (headers.has("content-encoding")) offences.push("the body is compressed");
  const json = parse(body);
  if (json === undefined) return [...offences, "the body is no JSON"];
  const schema = `${pointer}/requestBody${pointerOf("content", "application/json", "schema")}`;
  return [...offences, ...against.offences(schema, json).map((offence) => `body ${offence}`)];
}

function answerOffences(
  { headers: asked, answer }: Exchange,
  { pointer, operation }: Found,
  against: Contract,
): string[] {
  const { status, headers, body } = answer;
  const general = everywhere[status];
  const place =
    operation.responses[status] !== undefined
      ? `${pointer}/responses/${status}`
      : general && `/components/responses/${general}`;
  if (!place) return [`${status} is none of the operation's statuses`];
  const response = against.get<ResponseObject>(place);
  const offences: string[] = [];
  for (const name of Object.keys(response.headers ?? {})) {
    const given = headers.get(name);
    const schema = `${against.placeOf(`${against.placeOf(place)}/headers${pointerOf(name)}`)}/schema`;
    if (given !== null)
      offences.push(...against.offencesOfText(schema, given).map((offence) => `header ${name} ${offence}`));
    else if (!mayLack(name, status)) offences.push(`header ${name} is missing`);
  }
  const sent = asked.get("x-request-id") ?? "";
  const isGood = /^[A-Za-z0-9_.:-]{8,128}$/.test(sent);
  if (isGood && headers.get("x-request-id") !== sent) offences.push("header X-Request-Id is not the request's");
  const type = headers.get("content-type")?.split(";")[0] ?? "";
  if (response.content?.[type] === undefined) return [...offences, `a ${status} of the type ${type || "(none)"}`];
  const json = type === "application/json" ? parse(body) : body;
  if (json === undefined) return [...offences, `a ${status} whose body is no JSON`];
  const schema = `${against.placeOf(place)}${pointerOf("content", type, "schema")}`;
  return [...offences, ...against.offences(schema, json).map((offence) => `${status} ${offence}`)];
}

/** Sent only at times: with a replay, with `down --retry`, while a key's first request is being processed. */
function mayLack(name: string, status: number): boolean {
  return name === "Idempotency-Replayed" || (name === "Retry-After" && (status === 503 || status === 409));
}

/** What tests send to see that it is ignored. */
const unknownField = ": something_new";
const refusals = new Set([400, 401, 403, 404, 405, 413, 422, 429, 503]);

/** `body /executions/3/symbol ...`: the item is named under `errors`, or the whole request was refused. */
function isRefused(offence: string, { headers: sent, answer }: Exchange): boolean {
  if (refusals.has(answer.status) || offence.endsWith(unknownField)) return true;
  // Of one that logs may not get, the platform makes another.
  if (offence.startsWith("header X-Request-Id")) return answer.headers.get("x-request-id") !== sent.get("x-request-id");
  const [, list, index] = /^body \/(executions|trades)\/(\d+)\b/.exec(offence) ?? [];
  const json = parse(answer.body) as { errors?: object } | undefined;
  const keys = Object.keys(json?.errors ?? {});
  return list !== undefined && keys.some((key) => key === `${list}.${index}` || key.startsWith(`${list}.${index}.`));
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // what that means is the caller's to say
  }
}

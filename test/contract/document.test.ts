import { describe, expect, test } from "bun:test";
import { type Contract, contract, type Operation, pointerOf, type ResponseObject } from "./openapi.ts";

/** The contract's own examples, each with the place of its schema. */
function examplesOf({ document }: Contract): [name: string, schema: string, value: unknown][] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, value]) => {
      if (method === "parameters") return [];
      const operation = value as Operation;
      const place = pointerOf("paths", path, method);
      const bodies = [
        ...(operation.requestBody === undefined ? [] : [`${place}/requestBody`]),
        ...Object.keys(operation.responses).map((status) => `${place}/responses/${status}`),
      ];
      return bodies.flatMap((body) => examplesOfBody(contract.placeOf(body)));
    }),
  );
}

function examplesOfBody(place: string): [string, string, unknown][] {
  const { content = {} } = contract.get<ResponseObject>(place);
  return Object.entries(content).flatMap(([type, { example, examples = {} }]) => {
    const schema = `${place}${pointerOf("content", type, "schema")}`;
    const one: [string, string, unknown][] = example === undefined ? [] : [[place, schema, example]];
    return [
      ...one,
      ...Object.keys(examples).map((name): [string, string, unknown] => {
        const at = `${place}${pointerOf("content", type, "examples", name)}`;
        return [at, schema, contract.get<{ value: unknown }>(at).value];
      }),
    ];
  });
}

describe("the contract's own examples", () => {
  const examples = examplesOf(contract);

  test("are found", () => {
    expect(new Set(examples.map(([name]) => name)).size).toBeGreaterThan(40);
  });

  test.each(examples)("%s", (_name, schema, value) => {
    expect(contract.offences(schema, value)).toEqual([]);
  });
});

describe("a field more than the contract has", () => {
  const batch = "/paths/~1accounts~1{account_id}~1trades/post/requestBody/content/application~1json";
  const sent = () =>
    structuredClone(contract.get<{ value: Record<string, unknown> }>(`${batch}/examples/round_trip`).value);

  test("is an offence, however deep it stands", () => {
    const body = sent() as { executions: object[]; trades: { legs: object[] }[] };
    expect(contract.offences(`${batch}/schema`, body)).toEqual([]);
    expect(contract.offences(`${batch}/schema`, { ...body, extra: 1 })).toEqual([
      "/ has a field that is not in the contract: extra",
    ]);
    Object.assign(body.executions[1] ?? {}, { note: "" });
    Object.assign(body.trades[0]?.legs[2] ?? {}, { note: "" });
    expect(contract.offences(`${batch}/schema`, body).sort()).toEqual([
      "/executions/1 has a field that is not in the contract: note",
      "/trades/0/legs/2 has a field that is not in the contract: note",
    ]);
  });

  test("is none in what is the worker's own, or the broker's", () => {
    expect(contract.offences(`${batch}/schema`, { ...sent(), checkpoint: { anything: { at: "all" } } })).toEqual([]);
    const account = contract.get<{ value: { data: object[] } }>(
      "/paths/~1accounts/get/responses/200/content/application~1json/examples/encrypted",
    ).value.data[0];
    expect(contract.offences("/components/schemas/Account", { ...account, credentials: { sub_account: "1" } })).toEqual(
      [],
    );
  });
});

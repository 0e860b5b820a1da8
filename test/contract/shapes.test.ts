import "../../src/jitless.ts";
import { describe, expect, test } from "bun:test";
import { type Type, type } from "arktype";
import {
  accountShape,
  accountTradeShape,
  batchAnswerShape,
  cycleReportShape,
  executionShape,
  fileResultShape,
  importStatusPatchShape,
  legShape,
  metricsShape,
  pingShape,
  statisticsShape,
  storedTradeShape,
  userShape,
  wireTradeShape,
} from "../../src/journal/wire.ts";
import { contract } from "./openapi.ts";

const paths = "/paths/~1";
const json = "content/application~1json";
const batch = `${paths}accounts~1{account_id}~1trades/post`;
const examples = {
  ping: contract.get<{ data: object }>(`${paths}ping/get/responses/200/${json}/example`).data,
  accounts: ["encrypted", "file_source"].map(
    (name) =>
      contract.get<{ data: object[] }>(`${paths}accounts/get/responses/200/${json}/examples/${name}/value`).data[0],
  ),
  batches: ["round_trip", "still_open", "broker_reported"].map((name) =>
    contract.get<{ executions?: object[]; trades: { legs: object[] }[] }>(
      `${batch}/requestBody/${json}/examples/${name}/value`,
    ),
  ),
  results: ["created", "partial", "duplicate"].map((name) =>
    contract.get<object>(`${batch}/responses/200/${json}/examples/${name}/value`),
  ),
  accountTrade: contract.get<{ data: object[] }>(
    `${paths}accounts~1{account_id}~1trades/get/responses/200/${json}/example`,
  ).data,
  userTrade: contract.get<{ data: object[] }>(`${paths}users~1{user_id}~1trades/get/responses/200/${json}/example`)
    .data,
  users: contract.get<{ data: object[] }>(`${paths}users/get/responses/200/${json}/example`).data,
  patches: ["ok", "auth_failed"].map((name) =>
    contract.get<object>(
      `${paths}accounts~1{account_id}~1import-status/patch/requestBody/${json}/examples/${name}/value`,
    ),
  ),
  files: ["partial", "rejected"].map((name) =>
    contract.get<object>(
      `${paths}accounts~1{account_id}~1files~1{file_id}~1result/post/requestBody/${json}/examples/${name}/value`,
    ),
  ),
  statistics: contract.get<{ currencies: { periods: { metrics: object }[]; breakdowns: object[] }[] }>(
    `${paths}users~1{user_id}~1statistics/put/requestBody/${json}/example`,
  ),
  cycles: ["trade_importer", "stats_analyzer"].map((name) =>
    contract.get<object>(`${paths}cycles/post/requestBody/${json}/examples/${name}/value`),
  ),
};

interface Pair {
  /** Of `components/schemas`. */
  schema: string;
  shape: Type;
  values: readonly (object | undefined)[];
}

const pairs: readonly Pair[] = [
  { schema: "Ping", shape: pingShape, values: [examples.ping] },
  { schema: "Account", shape: accountShape, values: examples.accounts },
  { schema: "Execution", shape: executionShape, values: examples.batches.flatMap(({ executions = [] }) => executions) },
  {
    schema: "Trade",
    shape: wireTradeShape,
    values: examples.batches.flatMap(({ trades }) => trades).map((trade) => ({ ...trade, legs: [] })),
  },
  {
    schema: "Leg",
    shape: legShape,
    values: examples.batches.flatMap(({ trades }) => trades).flatMap(({ legs }) => legs),
  },
  { schema: "StoredTrade", shape: storedTradeShape, values: examples.userTrade },
  { schema: "AccountTrade", shape: accountTradeShape, values: examples.accountTrade },
  { schema: "TradeBatchResult", shape: batchAnswerShape, values: examples.results },
  { schema: "User", shape: userShape, values: examples.users },
  { schema: "ImportStatusPatch", shape: importStatusPatchShape, values: examples.patches },
  { schema: "FileResult", shape: fileResultShape, values: examples.files },
  { schema: "CycleReport", shape: cycleReportShape, values: examples.cycles },
  { schema: "Statistics", shape: statisticsShape, values: [shortened(examples.statistics)] },
  {
    schema: "Metrics",
    shape: metricsShape,
    values: examples.statistics.currencies.flatMap(({ periods }) => periods.map(({ metrics }) => metrics)),
  },
];

/** Metrics have a pair of their own, and there are many of them. */
function shortened(statistics: typeof examples.statistics): object {
  const metrics = { trades: 1, net_pnl: "1.00" };
  const first = (entries: readonly object[]) => entries.slice(0, 1).map((entry) => ({ ...entry, metrics }));
  const currencies = statistics.currencies.map(({ periods, breakdowns, ...section }) => ({
    ...section,
    periods: first(periods),
    breakdowns: first(breakdowns),
  }));
  return { ...statistics, currencies };
}

/** What takes the place of each value in turn: another type, an empty one, one that is nearly right. */
const replacements: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -1, 1, 1.5, 9_007_199_254_740_991],
  ...["", "x", "ok", "buy", "0", "-1", "1.", ".5", "1e5", "NaN", "1.1234567890123456789", "1".repeat(31), "a b"],
  ...["2026-03-01", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00.1234567Z", "2026-03-01T10:00:00+01:00"],
  ...["x".repeat(65), "x".repeat(192), "0".repeat(64), "g".repeat(64)],
  ...[[], [1], ["spot"], ["dust_closed"], {}, { code: "x" }, { min: "1", max: "2" }],
];

type Path = readonly (string | number)[];

function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Object.entries(value).flatMap(([key, member]) =>
    pathsIn(member, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return path.length === 0 ? inner : [path, ...inner];
}

/** A copy with another value at the path; undefined takes the field away. */
function changed(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((item, index) => (index === key ? changed(item, rest, replacement) : item));
  const { [key]: old, ...others } = value as Record<string | number, unknown>;
  const made = changed(old, rest, replacement);
  return made === undefined ? others : { ...others, [key]: made };
}

interface Difference {
  path: string;
  value: unknown;
  schema: boolean;
  shape: boolean;
}

function differencesOf({ schema, shape, values }: Pair): Difference[] {
  const found = new Map<string, Difference>();
  for (const value of values) {
    if (value === undefined) throw new Error(`an example of ${schema} is missing`);
    for (const path of pathsIn(value)) {
      for (const replacement of replacements) {
        if (replacement === undefined && typeof path.at(-1) === "number") continue;
        const candidate = changed(value, path, replacement);
        const bySchema = contract.offences(`/components/schemas/${schema}`, candidate).length === 0;
        const byShape = !(shape(candidate) instanceof type.errors);
        if (bySchema === byShape) continue;
        const name = path.map((part) => (typeof part === "number" ? "*" : part)).join(".");
        found.set(`${name} ${JSON.stringify(replacement)}`, {
          path: name,
          value: replacement,
          schema: bySchema,
          shape: byShape,
        });
      }
    }
  }
  return [...found.values()];
}

/** Where the two may differ: fields, values (as JSON), and why. */
type Allowance = readonly [fields: RegExp, values: RegExp, why: string];

/** The shape is stricter. */
const refusedAlone: readonly Allowance[] = [
  [/^(broker|timezone)$/, /^""$/, "Laravel gives null for an empty text, so there is none"],
  [/^timezone$/, /^"/, "what is put is checked against the zones that there are"],
  [/(_version|^data\.(executions|trades)\.\w+)$/, /^-1$/, "a count below zero is none"],
];

/** A reader is more patient: it stops a whole cycle where it refuses. */
const takenAlone: readonly Allowance[] = [
  [
    /(^|\.)(broker|\w+_asset|\w*_currency|order_id|dialect|column|error\.code)$/,
    /^"/,
    "lengths of texts are the platform's to hold",
  ],
  [
    /^(key\.name|limits\.rate_per_minute|source|source\.files\.\*\.\w+|data\.results\.\w+\.\*\.\w+|error\.retryable)$/,
    /^null$/,
    "a field left out is null",
  ],
  [
    /^(entry_price|gross_pnl|net_pnl|pnl_in_base_currency|state)$/,
    /^undefined$/,
    "null is left out by some serializers",
  ],
  [
    /^(side|quantity|price|fee|fee_asset|net_pnl|closed_at|duration_seconds|state|open_quantity|expected_checkpoint_version)$/,
    /./,
    "rules between fields are the platform's to check, and are checked where things are stored",
  ],
  [/^credentials$/, /^["[]/, "what they are is found out when they are decrypted"],
  [/^credentials_version$/, /^0$/, "sent back as it came"],
  [/^(checkpoint|.*null_reasons)$/, /^\[/, "PHP makes a list of an empty object"],
  [/^source\.files\.\*\.url$/, /^"/, "a link that is none fails its file alone"],
  [/^errors/, /./, "the texts of rejected items are read apart, and with care"],
];

const isAllowed = ({ path, value }: Difference, allowances: readonly Allowance[]): boolean =>
  allowances.some(([fields, values]) => fields.test(path) && values.test(String(JSON.stringify(value))));

describe("schema and shape agree on every change of the contract's examples", () => {
  test.each(pairs.map((pair) => [pair.schema, pair] as const))("%s", (_name, pair) => {
    const unexplained = differencesOf(pair)
      .filter((difference) => !isAllowed(difference, difference.schema ? refusedAlone : takenAlone))
      .map(
        ({ path, value, schema }) =>
          `${path}: ${JSON.stringify(value)} is ${schema ? "refused" : "taken"} by the shape alone`,
      );
    expect(unexplained).toEqual([]);
  });

  test("and differences are found at all", () => {
    const withoutSymbol = executionShape.omit("symbol") as unknown as Type;
    const found = differencesOf({
      schema: "Execution",
      shape: withoutSymbol,
      values: [examples.batches[0]?.executions?.[0]],
    });
    const unexplained = found.filter((difference) => !isAllowed(difference, takenAlone));
    expect(new Set(unexplained.map(({ path }) => path))).toEqual(new Set(["symbol"]));
  });
});

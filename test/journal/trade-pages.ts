import fc from "fast-check";
import { markets } from "../../src/executions/execution.ts";
import type { StoredClosedTrade } from "../../src/statistics/closed-trade.ts";

/** Pages of closed trades as a platform could send them, and as it could not. */

/** The least that the statistics read of a trade. */
export const storedClosed: StoredClosedTrade = {
  trade_id: 11,
  account_id: 1,
  broker: "binance",
  status: "closed",
  market: "linear",
  symbol: "BTCUSDT",
  direction: "long",
  opened_at: "2026-02-28T08:00:00.123Z",
  closed_at: "2026-02-28T17:30:00.456Z",
  quantity: "0.010",
  contract_size: "1",
  entry_price: "64000.10",
  gross_pnl: "5.00100000",
  fees: "0.64250150",
  funding: "0.06400010",
  net_pnl: "4.29449840",
  pnl_currency: "USDT",
  pnl_in_base_currency: "4.29363950",
  base_currency: "USD",
  r_multiple: null,
};

const stored = {
  ...storedClosed,
  user_id: 1,
  external_id: "trade:binance:linear:BTCUSDT:1",
  duration_seconds: 34_200,
  r_multiple: "1.5",
  flags: [],
};

export function plainItem(change: Record<string, unknown> = {}): Record<string, unknown> {
  return { ...stored, ...change };
}

export function bytesOf(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

const digits = (max: number) => fc.string({ unit: fc.constantFrom(..."0123456789"), minLength: 1, maxLength: max });
const most = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 20, arbitrary: usual }, { weight: 1, arbitrary: odd });
const amount = fc
  .tuple(fc.constantFrom("", "-"), most(digits(11), digits(13)), fc.option(most(digits(18), digits(20))))
  .map(([sign, integer, fraction]) => `${sign}${integer}${fraction === null ? "" : `.${fraction}`}`);
const oddAmount = fc.constantFrom("", "-", "1.", ".5", "1e3", "+1", "0x1", "1,5", " 1", "NaN");
const anyAmount = most(amount, oddAmount);
const two = fc.integer({ min: 0, max: 61 }).map((value) => `${value}`.padStart(2, "0"));
const time = fc
  .record({
    date: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
    fraction: most(digits(6), digits(7)),
  })
  .chain(({ date, fraction }) =>
    fc.constantFrom(
      date.toISOString(),
      `${date.toISOString().slice(0, 19)}Z`,
      `${date.toISOString().slice(0, 19)}.${fraction}Z`,
    ),
  );
const oddTime = fc
  .tuple(two, two, two, two)
  .map(([month, day, hour, minute]) => `2024-${month}-${day}T${hour}:${minute}:00Z`);
const anyTime = most(time, oddTime);
const name = fc.oneof(
  fc.constantFrom("BTCUSDT", "BTC/USDT:USDT", "X", "Ä/é", 'quo"te', "back\\slash", "\u{1f600}", "\ud800", "tab\t"),
  fc.string({ minLength: 1, maxLength: 12 }),
);
const id = most(
  fc.oneof<fc.Arbitrary<number | string>[]>(fc.nat(), fc.nat(1e15 - 1), fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/)),
  fc.constantFrom<(number | string)[]>(-1, 1.5, 1e21, Number.MAX_SAFE_INTEGER, "a b", ""),
);
const scalar = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null));
const unused = fc.oneof(
  { weight: 12, arbitrary: scalar },
  { weight: 4, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.dictionary(fc.string(), scalar, { maxKeys: 2 }) },
);
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 4 });

const anyItem = fc
  .record(
    {
      trade_id: id,
      account_id: id,
      broker: name,
      status: most(fc.constant("closed"), fc.constantFrom("open", "void", "done")),
      market: most(fc.constantFrom<string>(...markets), fc.constant("moon")),
      symbol: name,
      direction: fc.constantFrom("long", "short"),
      quantity: anyAmount,
      contract_size: orNull(anyAmount),
      entry_price: orNull(anyAmount),
      gross_pnl: orNull(anyAmount),
      fees: anyAmount,
      funding: anyAmount,
      net_pnl: orNull(anyAmount),
      pnl_currency: name,
      pnl_in_base_currency: orNull(anyAmount),
      base_currency: orNull(name),
      opened_at: anyTime,
      closed_at: anyTime,
      r_multiple: orNull(anyAmount),
      external_id: unused,
      flags: unused,
      something_new: unused,
    },
    {
      requiredKeys: ["trade_id", "account_id", "broker", "status", "market", "symbol", "direction", "quantity", "fees"],
    },
  )
  .map((item) => ({ ...stored, ...item }));

/** One change of an item that is right otherwise, so that most of a page is taken. */
const nearlyPlain = fc.tuple(anyItem, fc.subarray(Object.keys(stored), { maxLength: 3 })).map(([item, keys]) => {
  const chosen = Object.entries(item).filter(([key]) => keys.includes(key));
  return plainItem(Object.fromEntries(chosen));
});
const shuffled = (item: fc.Arbitrary<Record<string, unknown>>) =>
  item.chain((value) =>
    fc.oneof(
      { weight: 6, arbitrary: fc.constant(value) },
      {
        weight: 1,
        arbitrary: fc
          .shuffledSubarray(Object.keys(value))
          .map((keys) => Object.fromEntries(keys.map((key) => [key, value[key]]))),
      },
    ),
  );

/** As PHP writes it, and as JavaScript does. */
const spelled = (text: string, isEscaped: boolean) =>
  isEscaped
    ? text
        .replaceAll("/", "\\/")
        .replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    : text;

export const anyPage: fc.Arbitrary<Uint8Array> = fc
  .record({
    data: fc.array(shuffled(fc.oneof({ weight: 5, arbitrary: nearlyPlain }, { weight: 1, arbitrary: anyItem })), {
      maxLength: 6,
    }),
    links: fc.constantFrom(null, { next: null }, { next: "https://app.example.com/x?cursor=abc" }),
    meta: fc.constantFrom({ next_cursor: null }, { next_cursor: "abc" }, null),
    isEscaped: fc.boolean(),
  })
  .map(({ isEscaped, ...page }) => new TextEncoder().encode(spelled(JSON.stringify(page), isEscaped)));

const likelyBytes = fc.oneof(
  fc.constantFrom(...new TextEncoder().encode('"\\,:{}[]0-.eE/unltrf \n\t')),
  fc.integer({ min: 0, max: 255 }),
);

/** Some bytes of it replaced, put in, left out, or a stretch of it repeated. */
export function mutated(page: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  const change = fc.record({
    kind: fc.constantFrom("replace", "insert", "remove", "repeat"),
    place: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: likelyBytes,
    length: fc.integer({ min: 1, max: 40 }),
  });
  return fc.tuple(page, fc.array(change, { minLength: 1, maxLength: 3 })).map(([body, changes]) => {
    let bytes = [...body];
    for (const { kind, place, byte, length } of changes) {
      const at = Math.floor(place * bytes.length);
      const before = bytes.slice(0, at);
      if (kind === "replace") bytes = [...before, byte, ...bytes.slice(at + 1)];
      else if (kind === "insert") bytes = [...before, byte, ...bytes.slice(at)];
      else if (kind === "remove") bytes = [...before, ...bytes.slice(at + length)];
      else bytes = [...before, ...bytes.slice(at, at + length), ...bytes.slice(at)];
    }
    return Uint8Array.from(bytes);
  });
}

import { describe, expect, test } from "bun:test";
import type { ClosedTrade } from "../../../src/statistics/closed-trade.ts";
import { niceAxis, tickText } from "../../../src/workers/analyze-stats/page/axis.ts";
import { bandsOf } from "../../../src/workers/analyze-stats/page/bands.ts";
import { html } from "../../../src/workers/analyze-stats/page/html.ts";
import { renderPage } from "../../../src/workers/analyze-stats/page/page.ts";
import { dayMs, hourMs, trade } from "../../statistics/trades.ts";
import { shownOf, userOf } from "./shown.ts";

const firstMs = Date.parse("2026-01-05T12:00:00Z");
const nets = (texts: readonly string[], everyMs = dayMs) =>
  texts.map((netPnl, index) => trade({ netPnl, closedAtMs: firstMs + index * everyMs }));

function pageOf(trades: readonly ClosedTrade[], change: Parameters<typeof userOf>[0] = {}): string {
  return renderPage(userOf(change), shownOf(trades, change));
}

/** The texts of a page, without tags. */
function textsOf(page: string): string {
  return page
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

describe("a template", () => {
  test("escapes what is put into it, in text and in attributes, once", () => {
    const evil = `<script>alert("x")</script>&'`;
    expect(html`<b title="${evil}">${evil}</b>`.text).toBe(
      '<b title="&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;">&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;&#39;</b>',
    );
    expect(html`<p>${html`<i>${"&"}</i>`}${[html`1`, "2", 3]}${null}</p>`.text).toBe("<p><i>&amp;</i>123</p>");
  });

  test("has no control characters but white space", () => {
    expect(html`${"a\u0000b\u001bc\td\u0085e"}`.text).toBe("a\ufffdb\ufffdc\td\ufffde");
  });
});

describe("an axis", () => {
  test.each([
    [0, 97, 4, [0, 25, 50, 75, 100], ["0", "25", "50", "75", "100"]],
    [-13, 41, 4, [-20, 0, 20, 40, 60], ["−20", "0", "20", "40", "60"]],
    [-0.031, 0, 2, [-0.04, -0.02, 0], ["−0.04", "−0.02", "0"]],
    [9_990, 10_010, 4, [9_990, 9_995, 10_000, 10_005, 10_010], ["9,990", "9,995", "10,000", "10,005", "10,010"]],
    [0, 0.9, 4, [0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"]],
  ])("from %d to %d in about %i steps", (lowest, highest, steps, ticks, texts) => {
    const axis = niceAxis(lowest, highest, steps);
    expect(axis.ticks.map((tick) => Number(tick.toPrecision(12)) + 0)).toEqual(ticks);
    expect(axis.ticks.map((tick) => tickText(tick, axis))).toEqual(texts);
  });

  test("of one value has room above it", () => {
    for (const value of [0, 500, -3]) {
      const { min, max } = niceAxis(value, value, 4);
      expect(min).toBeLessThanOrEqual(value);
      expect(max).toBeGreaterThanOrEqual(value);
      expect(max).toBeGreaterThan(min);
    }
  });
});

describe("the bands of a curve", () => {
  const daysOf = (trades: readonly ClosedTrade[]) => {
    const [section] = shownOf(trades).statistics.currencies;
    return section?.periods.filter(({ period }) => period === "day") ?? [];
  };

  test("are days, those without a trade too, with exact sums", () => {
    const days = daysOf([...nets(["0.1"]), trade({ netPnl: "0.2", closedAtMs: firstMs + 2 * dayMs })]);
    const { list, startMs, endMs } = bandsOf(days, "0.3", 10);
    expect(list).toEqual([
      { firstKey: "2026-01-05", lastKey: "2026-01-05", net: "0.1", total: "0.1", trades: 1 },
      { firstKey: "2026-01-06", lastKey: "2026-01-06", net: "0", total: "0.1", trades: 0 },
      { firstKey: "2026-01-07", lastKey: "2026-01-07", net: "0.2", total: "0.3", trades: 1 },
    ]);
    expect([startMs, endMs]).toEqual([Date.parse("2026-01-05T00:00:00Z"), Date.parse("2026-01-08T00:00:00Z")]);
  });

  test("of a long history are several days each, never more than wanted, and end at its net P&L", () => {
    const days = daysOf(nets(Array.from({ length: 1_000 }, (_, index) => `${index % 3}.01`)));
    const { list } = bandsOf(days, "1009", 180);
    expect(list.length).toBeLessThanOrEqual(180);
    expect(list.length).toBeGreaterThan(150);
    expect(list.at(-1)).toMatchObject({ lastKey: "2028-09-30", total: "1009" });
  });

  test("begin with what the days that were left out came to", () => {
    const days = daysOf(nets(["1", "2", "3"])).slice(1);
    expect(bandsOf(days, "6", 10).list.map(({ total }) => total)).toEqual(["3", "6"]);
  });
});

describe("the page", () => {
  const v8 = ["100", "200", "50", "-150", "300", "-100", "80", "-30"];

  test("says what there is, with n, and all digits where it is pointed at", () => {
    const page = pageOf(nets(v8), { starting_balance: "1000" });
    const text = textsOf(page);
    for (const part of ["+450.00 USD", "5 of 8", "730.00 won, 280.00 lost", "5 Jan 2026 to 12 Jan 2026"]) {
      expect(text).toContain(part);
    }
    expect(text).toContain("Deepest drawdown");
    expect(text).toContain("150.00 (11.1%)");
    expect(page).toContain('title="2.60714286"');
    expect(page).toContain('title="450 USD"');
  });

  test("needs nothing of elsewhere: no script, no address, and a policy that forbids all but its own style", () => {
    const page = pageOf(nets(v8));
    expect(page).not.toMatch(/<script|https?:|\bsrc=|@import|\bon[a-z]+=|\sstyle=|url\((?!#)/i);
    const [, hash] = /style-src 'sha256-([^']+)'/.exec(page) ?? [];
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    expect(hash).toBe(new Bun.CryptoHasher("sha256").update(style).digest("base64"));
    expect(page).toContain("default-src 'none'");
  });

  test("explains every figure that it shows", () => {
    const page = pageOf(nets(v8));
    const buttons = [...page.matchAll(/popovertarget="(d\d+)"/g)].map(([, id]) => id);
    const tips = [...page.matchAll(/popover id="(d\d+)"/g)].map(([, id]) => id);
    expect(buttons.length).toBeGreaterThan(60);
    expect(tips).toEqual(buttons);
    expect(new Set(tips).size).toBe(tips.length);
    expect(textsOf(page)).toContain("Gross profit / gross loss; not defined without a loss");
  });

  test("says why a figure is not there", () => {
    const text = textsOf(pageOf(nets(["1", "2"])));
    expect(text).toContain("no loss");
    expect(text).toContain("the starting balance is not known");
    expect(text).not.toMatch(/NaN|Infinity|undefined|null/);
  });

  test("shows names as text, whatever is in them", () => {
    const evil = `"><img src=x onerror=alert(1)>`;
    const page = pageOf([
      trade({ symbol: evil, broker: evil, netPnl: "1" }),
      trade({ symbol: "b", broker: "c", netPnl: "2" }),
    ]);
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  test("has a part for each currency, the total first, and a line for those beyond the fourth", () => {
    const currencies = ["EUR", "GBP", "JPY", "CHF", "USD", "SEK"];
    const trades = currencies.flatMap((pnlCurrency, index) =>
      Array.from({ length: 9 - index }, (_, n) =>
        trade({ pnlCurrency, netPnl: "1", pnlInBaseCurrency: "2", closedAtMs: firstMs + n * hourMs }),
      ),
    );
    const page = pageOf(trades);
    expect(
      [...page.matchAll(/<h2>(\w+)( <small>)?/g)].map(([, name, total]) => `${name}${total ? " total" : ""}`),
    ).toEqual(["USD total", "EUR", "GBP", "JPY"]);
    expect(textsOf(page)).toMatch(/Other currencies CHF 6 trades \+1?6\.00 USD 5 trades \+5\.00 SEK 4 trades/);
  });

  test("shares its tables out between two columns: below few symbols stands more of when and how than below many", () => {
    const titlesOnTheLeft = (symbols: number): string[] => {
      const trades = nets(Array.from({ length: 60 }, (_, index) => String(index - 20)));
      const page = pageOf(trades.map((one, index) => ({ ...one, symbol: `S${index % symbols}` })));
      const [, left = ""] = /<div class="halves"><div>(.*?)<\/div><\/div><div>/.exec(page) ?? [];
      return [...left.matchAll(/<h3>([^<]*)/g)].map(([, title = ""]) => title);
    };
    expect(titlesOnTheLeft(40)).toEqual(["Symbols", "Trades that stand out"]);
    expect(titlesOnTheLeft(1)).toEqual(["Symbols", "Session of the close", "Holding time", "Trades that stand out"]);
  });

  test("of no trade says so", () => {
    expect(textsOf(pageOf([]))).toContain("There is no closed trade with a known P&amp;L yet.");
  });

  test.each([
    ["one trade", nets(["5"])],
    ["one trade that came to nothing", nets(["0"])],
    ["trades within one day", nets(v8, hourMs)],
    ["nothing but losses", nets(["-1", "-2", "-3"])],
    ["amounts of very different size", nets(["0.00000001", "-1000000000", "12.5"])],
  ])("stands for %s", (_name, trades) => {
    const page = pageOf(trades, { starting_balance: "10" });
    expect(page).not.toMatch(/NaN|Infinity|undefined/);
    expect(page).toContain("</html>");
  });

  test("is bounded, however many trades, days and symbols there are", () => {
    const random = randomNumbers(1);
    const count = 60_000;
    const trades = Array.from({ length: count }, (_, index) =>
      trade({
        id: index,
        symbol: `SYM${Math.floor(random() * 3_000)}`,
        netPnl: (random() * 200 - 99).toFixed(4),
        rMultiple: (random() * 4 - 1.9).toFixed(2),
        closedAtMs: firstMs + Math.floor((index / count) * 3_650) * dayMs + index,
      }),
    );
    const page = pageOf(trades, { starting_balance: "1000000" });
    expect(page.length).toBeLessThan(600_000);
    expect(textsOf(page)).toContain("2,980 others");
  });
});

/** A linear congruential generator (Numerical Recipes): the same numbers each time. */
function randomNumbers(start: number): () => number {
  let seed = start;
  return () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return seed / 4_294_967_296;
  };
}

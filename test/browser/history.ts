import type { ClosedTrade } from "../../src/statistics/closed-trade.ts";
import { dayMs, trade } from "../statistics/trades.ts";

interface Wanted {
  trades: number;
  days: number;
  change?: Partial<ClosedTrade>;
}

const symbols = ["EURUSD", "GBPUSD", "USDJPY", "XAUUSD", "BTCUSDT", "ETHUSDT", "NAS100", "DE40", "AUDUSD", "SOLUSDT"];

/** An invented trader: more losses than wins, wins twice as large, some days off. The same each time. */
export function history({ trades, days, change = {} }: Wanted): ClosedTrade[] {
  const random = randomNumbers(7);
  const firstMs = Date.parse("2024-11-20T06:00:00Z");
  return Array.from({ length: trades }, (_, index) => {
    const symbol = symbols[Math.floor(random() ** 1.6 * symbols.length)] ?? "EURUSD";
    const isCrypto = symbol.endsWith("USDT");
    const openedAtMs = firstMs + Math.floor(((index + random()) / trades) * days * dayMs);
    const closedAtMs = openedAtMs + Math.floor(Math.exp(3.2 + random() * 8.4)) * 1_000;
    const risk = 60 + random() * 120;
    const multiple = random() < 0.37 ? 0.2 + random() ** 2 * 3.4 : -(0.25 + random() * 0.85);
    const netPnl = (risk * multiple).toFixed(isCrypto ? 6 : 2);
    return trade({
      id: index + 1,
      accountId: isCrypto ? 2 : 1,
      broker: isCrypto ? "binance" : "metatrader",
      market: isCrypto ? "linear" : "forex",
      symbol,
      direction: random() < 0.6 ? "long" : "short",
      openedAtMs,
      closedAtMs,
      fees: "2.5",
      grossPnl: (Number(netPnl) + 2.5).toFixed(6),
      netPnl,
      pnlInBaseCurrency: netPnl,
      rMultiple: random() < 0.7 ? multiple.toFixed(4) : null,
      ...change,
    });
  });
}

/** A linear congruential generator (Numerical Recipes). */
function randomNumbers(start: number): () => number {
  let seed = start;
  return () => {
    seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return seed / 4_294_967_296;
  };
}

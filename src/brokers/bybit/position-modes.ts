import "../../jitless.ts";
import { type } from "arktype";
import { parseDecimal } from "../../executions/decimal.ts";
import type { Direction, Side } from "../../executions/execution.ts";
import { SymbolGone } from "../ccxt/errors.ts";
import { dayMs, type Endpoint, type Reading } from "../ccxt/exchange.ts";
import type { Named } from "../ccxt/markets.ts";

/**
 * Bybit's executions do not say which side of hedge mode they belong to: it follows from how much of a position they closed. Whether a symbol is in
 * hedge mode its position says, also when there is none; the mode can only be changed while nothing is open.
 */
const positions: Endpoint = {
  method: "privateGetV5PositionList",
  costs: [
    ["account", 1],
    ["address", 1],
  ],
};
const Positions = type({ result: { list: type({ symbol: "string", positionIdx: "0 | 1 | 2" }).array() } });

/** Asked again when there are new executions after so long. */
const askedAgainMs = 7 * dayMs;

/** In the notes: `mode/linear/BTCUSDT` = `h:<day>`, `o` for one-way. */
export async function readModes(reading: Reading, category: string, symbols: readonly string[]): Promise<void> {
  if (category !== "linear" && category !== "inverse") return;
  const { client, state } = reading;
  const today = Math.floor(client.nowMs() / dayMs);
  for (const symbol of new Set(symbols)) {
    const key = `mode/${category}/${symbol}`;
    const [, day = "0"] = (state.notes.get(key) ?? "").split(":");
    if ((today - Number.parseInt(day, 36)) * dayMs < askedAgainMs) continue;
    state.notes.set(key, `${await modeOf(reading, category, symbol)}:${today.toString(36)}`);
  }
}

async function modeOf({ client }: Reading, category: string, symbol: string): Promise<"h" | "o"> {
  try {
    const { result } = await client.get(positions, { category, symbol }, Positions);
    return result.list.some((position) => position.symbol === symbol && position.positionIdx !== 0) ? "h" : "o";
  } catch (error) {
    if (!(error instanceof SymbolGone)) throw error;
    return "o"; // nobody can tell any more
  }
}

/** Null in one-way mode, and where it is not known what was closed. */
export function sideOfPosition(
  { state }: Reading,
  { market, symbol }: Named,
  { side, closedSize }: { side: Side; closedSize: string | null },
): Direction | null {
  if (closedSize === null || !state.notes.get(`mode/${market}/${symbol}`)?.startsWith("h")) return null;
  const closes = parseDecimal(closedSize) !== 0n;
  return (side === "buy") === closes ? "short" : "long";
}

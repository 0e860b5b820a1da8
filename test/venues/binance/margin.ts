import { type Decimal, formatDecimal } from "../../../src/executions/decimal.ts";
import { fixed } from "../amounts.ts";
import { shownAt } from "../shown.ts";
import { notValid } from "./errors.ts";
import { accountOf, type Call } from "./state.ts";

const rowsMax = 100;

/** `/sapi/v1/margin/forceLiquidationRec`: newest first, 10 a page, all of them without times. */
export function marginLiquidations(call: Call): unknown {
  const { parameters, state, nowMs } = call;
  const { ledger } = accountOf(call);
  const size = parameters.integer("size") ?? 10;
  const current = parameters.integer("current") ?? 1;
  const pair = parameters.text("isolatedSymbol");
  const { startMs, endMs } = parameters.times();
  if (size < 1 || size > rowsMax || current < 1) throw notValid(size < 1 || size > rowsMax ? "size" : "current");
  const fills = state.world
    .of("spot")
    .flatMap((spec) => shownAt(ledger.fillsOf("margin", spec.symbol), nowMs))
    .filter(({ kind, isolated, symbol }) => kind === "liquidation" && (pair === null || (isolated && symbol === pair)))
    .filter(({ timeMs }) => timeMs >= (startMs ?? 0) && timeMs <= (endMs ?? nowMs))
    .sort((a, b) => b.timeMs - a.timeMs);
  const rows = fills.slice((current - 1) * size, current * size).map((fill) => ({
    avgPrice: fixed(fill.price, 8),
    executedQty: fixed(fill.quantity, 8),
    orderId: fill.orderId,
    price: fixed(fill.price, 8),
    qty: fixed(fill.quantity, 8),
    side: fill.side,
    symbol: fill.symbol,
    timeInForce: "GTC",
    isIsolated: fill.isolated,
    updatedTime: fill.timeMs,
  }));
  return { rows, total: fills.length };
}

/** `/sapi/v1/margin/isolated/account`: a wallet a pair, of those that were ever opened. */
export function isolatedAccount(call: Call): unknown {
  const { state, nowMs } = call;
  const { ledger } = accountOf(call);
  const assets = state.world.of("spot").flatMap(({ symbol, base, quote }) => {
    const balances = ledger.balancesAt(`isolated/${symbol}`, nowMs);
    if (balances.size === 0) return [];
    return [
      {
        symbol,
        isolatedCreated: true,
        enabled: true,
        baseAsset: sideOf(base, balances.get(base) ?? 0n),
        quoteAsset: sideOf(quote, balances.get(quote) ?? 0n),
        marginLevel: "999.00000000",
        marginRatio: "5.00000000",
        tradeEnabled: true,
      },
    ];
  });
  return { assets, totalAssetOfBtc: "0", totalLiabilityOfBtc: "0", totalNetAssetOfBtc: "0" };
}

function sideOf(asset: string, amount: Decimal): unknown {
  const borrowed = amount < 0n ? -amount : 0n;
  const free = amount < 0n ? 0n : amount;
  return {
    asset,
    borrowEnabled: true,
    borrowed: fixed(borrowed, 8),
    free: fixed(free, 8),
    interest: "0",
    locked: "0",
    netAsset: fixed(amount, 8),
    netAssetOfBtc: "0",
    repayEnabled: true,
    totalAsset: formatDecimal(free),
  };
}

import {
  absolute,
  type Decimal,
  divide,
  formatDecimal,
  fromProduct,
  multiply,
} from "../../../src/executions/decimal.ts";
import { fixed, roundTo } from "../amounts.ts";
import { type PositionSnapshot, worthOf } from "../ledger.ts";
import type { SymbolSpec } from "../world-symbols.ts";
import { accountOf, type Call, isListed, specOf } from "./state.ts";

type FuturesMarket = "linear" | "inverse";

const zero = "0.00000000";

/** `balance`: one row an asset that the wallet ever had, and the usual ones. */
export function futuresBalances(call: Call, market: FuturesMarket): unknown {
  return wallet(call, market).map(([asset, amount]) => ({
    accountAlias: `SgsR${accountOf(call).uid % 1_000}`,
    asset,
    balance: fixed(amount, 8),
    ...(market === "inverse" && { withdrawAvailable: fixed(amount, 8) }),
    crossWalletBalance: fixed(amount, 8),
    crossUnPnl: zero,
    availableBalance: fixed(amount, 8),
    ...(market === "linear" && { maxWithdrawAmount: fixed(amount, 8), marginAvailable: true }),
    updateTime: call.nowMs,
  }));
}

/** `account`: balances and positions in one; from v3 on only positions that are open. */
export function futuresAccount(call: Call, market: FuturesMarket, openOnly: boolean): unknown {
  const assets = wallet(call, market);
  const usdt = assets.find(([asset]) => asset === "USDT")?.[1] ?? 0n;
  return {
    feeTier: 0,
    canTrade: accountOf(call).permissions.trading,
    canDeposit: true,
    canWithdraw: accountOf(call).permissions.withdrawals,
    updateTime: 0,
    ...(market === "linear" && {
      multiAssetsMargin: false,
      totalInitialMargin: zero,
      totalMaintMargin: zero,
      totalWalletBalance: fixed(usdt, 8),
      totalUnrealizedProfit: zero,
      totalMarginBalance: fixed(usdt, 8),
      availableBalance: fixed(usdt, 8),
      maxWithdrawAmount: fixed(usdt, 8),
    }),
    assets: assets.map(([asset, amount]) => ({
      asset,
      walletBalance: fixed(amount, 8),
      unrealizedProfit: zero,
      marginBalance: fixed(amount, 8),
      maintMargin: zero,
      initialMargin: zero,
      positionInitialMargin: zero,
      openOrderInitialMargin: zero,
      crossWalletBalance: fixed(amount, 8),
      crossUnPnl: zero,
      availableBalance: fixed(amount, 8),
      maxWithdrawAmount: fixed(amount, 8),
      updateTime: call.nowMs,
    })),
    positions: positionsOf(call, market, null, openOnly).map(({ spec, position }) => ({
      symbol: spec.symbol,
      initialMargin: "0",
      maintMargin: "0",
      unrealizedProfit: unrealized(call, spec, position),
      positionInitialMargin: "0",
      openOrderInitialMargin: "0",
      leverage: "20",
      isolated: false,
      entryPrice: entryPrice(spec, position),
      breakEvenPrice: entryPrice(spec, position),
      positionSide: position.side,
      positionAmt: fixed(position.quantity, spec.quantityDigits),
      updateTime: position.updatedMs,
    })),
  };
}

function wallet(call: Call, market: FuturesMarket): [string, Decimal][] {
  const usual: [string, Decimal][] = (market === "linear" ? ["USDT", "USDC", "BNB"] : ["BTC", "ETH"]).map((asset) => [
    asset,
    0n,
  ]);
  return [...new Map([...usual, ...accountOf(call).ledger.balancesAt(market, call.nowMs)])];
}

/** `positionRisk`: without `openOnly` a row for every symbol, flat or not; in hedge mode two. */
export function positionRisk(call: Call, market: FuturesMarket, openOnly: boolean): unknown {
  const symbol = call.parameters.text("symbol");
  const pair = call.parameters.text("pair");
  call.parameters.text("marginAsset");
  if (symbol !== null) specOf(call, market, symbol);
  return positionsOf(call, market, symbol, openOnly)
    .filter(({ spec }) => pair === null || spec.pair === pair)
    .map(({ spec, position }) => {
      const markPrice = call.state.world.priceAt(spec, call.nowMs);
      const notional = worthOf(spec, position.quantity, markPrice);
      return {
        symbol: spec.symbol,
        positionAmt: fixed(position.quantity, spec.quantityDigits),
        entryPrice: entryPrice(spec, position),
        breakEvenPrice: entryPrice(spec, position),
        markPrice: fixed(markPrice, 8),
        unRealizedProfit: unrealized(call, spec, position),
        liquidationPrice: "0",
        leverage: "20",
        ...(market === "linear" ? { maxNotionalValue: "20000000" } : { maxQty: "50000" }),
        marginType: "cross",
        isolatedMargin: zero,
        isAutoAddMargin: "false",
        positionSide: position.side,
        ...(market === "linear" ? { notional: formatDecimal(notional) } : { notionalValue: formatDecimal(notional) }),
        isolatedWallet: "0",
        updateTime: position.updatedMs,
      };
    });
}

interface Row {
  spec: SymbolSpec;
  position: PositionSnapshot;
}

function positionsOf(call: Call, market: FuturesMarket, symbol: string | null, openOnly: boolean): Row[] {
  const account = accountOf(call);
  const sides = account.hedge ? (["LONG", "SHORT"] as const) : (["BOTH"] as const);
  const known = new Set(account.ledger.symbolsWithPositions(market));
  const specs = call.state.world.of(market).filter((spec) => symbol === null || spec.symbol === symbol);
  return specs.flatMap((spec) => {
    const listed =
      isListed(call.state, market, spec.symbol) && (spec.deliveryMs === null || spec.deliveryMs > call.nowMs);
    if (!listed || (openOnly && !known.has(spec.symbol))) return [];
    const held = known.has(spec.symbol) ? account.ledger.positionsAt(market, spec.symbol, call.nowMs) : [];
    const rows = sides.map(
      (side) => held.find((position) => position.side === side) ?? { side, quantity: 0n, cost: 0n, updatedMs: 0 },
    );
    return rows.filter((position) => !openOnly || position.quantity !== 0n).map((position) => ({ spec, position }));
  });
}

/** `leverageBracket`: one bracket each. */
export function leverageBrackets(call: Call, market: FuturesMarket): unknown {
  const symbol = call.parameters.text("symbol");
  const specs = symbol === null ? call.state.world.of(market) : [specOf(call, market, symbol)];
  const limits = market === "linear" ? { notionalCap: 50_000, notionalFloor: 0 } : { qtyCap: 50, qtyFloor: 0 };
  const brackets = [{ bracket: 1, initialLeverage: 125, ...limits, maintMarginRatio: 0.004, cum: 0 }];
  return specs.map((spec) => ({ symbol: spec.symbol, brackets }));
}

/** The average of what was opened. */
function entryPrice(spec: SymbolSpec, { quantity, cost }: PositionSnapshot): string {
  if (quantity === 0n || cost === 0n) return "0.0";
  const size = absolute(quantity);
  const price =
    spec.contractSize === null ? divide(cost, size) : divide(fromProduct(multiply(size, spec.contractSize)), cost);
  return formatDecimal(roundTo(price, 8));
}

function unrealized(call: Call, spec: SymbolSpec, { quantity, cost }: PositionSnapshot): string {
  if (quantity === 0n) return zero;
  const value = worthOf(spec, absolute(quantity), call.state.world.priceAt(spec, call.nowMs));
  const rising = quantity > 0n !== (spec.contractSize !== null);
  return fixed(rising ? value - cost : cost - value, 8);
}

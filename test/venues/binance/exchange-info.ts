import { formatDecimal } from "../../../src/executions/decimal.ts";
import { fixed, unit } from "../amounts.ts";
import { toJson } from "../json.ts";
import type { SymbolSpec, WorldMarket } from "../world-symbols.ts";
import { invalidSymbol } from "./errors.ts";
import { type Call, isListed, specOf } from "./state.ts";

const perpetualDeliveryMs = 4_133_404_800_000;

/** Several megabytes on the real venue, and only what is listed now: what was delisted or delivered is not in it. */
export function exchangeInfo(call: Call, market: WorldMarket): string {
  const { state, nowMs, parameters } = call;
  const wanted = wantedSymbols(call, market);
  const specs = state.world
    .of(market)
    .filter((spec) => isListed(state, market, spec.symbol) && (spec.deliveryMs === null || spec.deliveryMs > nowMs))
    .filter((spec) => spec.onboardMs <= nowMs && (wanted === null || wanted.has(spec.symbol)));
  // Only spot reads these; they change nothing here.
  for (const name of ["permissions", "showPermissionSets", "symbolStatus"]) parameters.text(name);
  const rows = { spot: spotSymbol, linear: futuresSymbol, inverse: futuresSymbol }[market];
  return toJson({
    timezone: "UTC",
    serverTime: nowMs,
    ...(market !== "spot" && { futuresType: market === "linear" ? "U_MARGINED" : "COIN_MARGINED" }),
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: state.settings.limits[market] },
      { rateLimitType: "ORDERS", interval: "MINUTE", intervalNum: 1, limit: 1_200 },
    ],
    exchangeFilters: [],
    ...(market === "linear" && { assets: [...new Set(specs.map((spec) => spec.settle))].map(marginAsset) }),
    symbols: specs.map(rows),
  });
}

/** @throws {BinanceError} -1121: one of the named symbols is not there */
function wantedSymbols(call: Call, market: WorldMarket): Set<string> | null {
  const symbol = call.parameters.text("symbol");
  const symbols = call.parameters.text("symbols");
  if (symbol === null && symbols === null) return null;
  const names: unknown = symbols === null ? [symbol] : JSON.parse(symbols);
  if (!Array.isArray(names)) throw invalidSymbol();
  return new Set(names.map((name) => specOf(call, market, String(name)).symbol));
}

function marginAsset(asset: string): unknown {
  return { asset, marginAvailable: true, autoAssetExchange: "-10000" };
}

function spotSymbol(spec: SymbolSpec): unknown {
  const types = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"];
  return {
    symbol: spec.symbol,
    status: "TRADING",
    baseAsset: spec.base,
    baseAssetPrecision: 8,
    quoteAsset: spec.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: types,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: true,
    filters: [
      {
        filterType: "PRICE_FILTER",
        minPrice: step(spec.priceDigits),
        maxPrice: "1000000.00000000",
        tickSize: step(spec.priceDigits),
      },
      {
        filterType: "LOT_SIZE",
        minQty: step(spec.quantityDigits),
        maxQty: "9000000.00000000",
        stepSize: step(spec.quantityDigits),
      },
      {
        filterType: "NOTIONAL",
        minNotional: "5.00000000",
        applyMinToMarket: true,
        maxNotional: "9000000.00000000",
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
    ],
    permissions: [],
    permissionSets: [["SPOT", "MARGIN"]],
    defaultSelfTradePreventionMode: "EXPIRE_MAKER",
    allowedSelfTradePreventionModes: ["NONE", "EXPIRE_TAKER", "EXPIRE_MAKER", "EXPIRE_BOTH"],
  };
}

function step(digits: number): string {
  return fixed(unit(digits), 8);
}

function futuresSymbol(spec: SymbolSpec): unknown {
  const [tickSize, stepSize] = [formatDecimal(unit(spec.priceDigits)), formatDecimal(unit(spec.quantityDigits))];
  const inverse = spec.contractSize !== null;
  return {
    symbol: spec.symbol,
    pair: spec.pair,
    contractType: spec.deliveryMs === null ? "PERPETUAL" : "CURRENT_QUARTER",
    deliveryDate: spec.deliveryMs ?? perpetualDeliveryMs,
    onboardDate: spec.onboardMs,
    ...(inverse
      ? { contractStatus: "TRADING", contractSize: Number(formatDecimal(spec.contractSize ?? 0n)) }
      : { status: "TRADING" }),
    maintMarginPercent: "2.5000",
    requiredMarginPercent: "5.0000",
    baseAsset: spec.base,
    quoteAsset: spec.quote,
    marginAsset: spec.settle,
    pricePrecision: spec.priceDigits,
    quantityPrecision: spec.quantityDigits,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    ...(inverse && { equalQtyPrecision: 4 }),
    underlyingType: "COIN",
    underlyingSubType: [],
    triggerProtect: "0.0500",
    liquidationFee: "0.015000",
    marketTakeBound: "0.05",
    filters: [
      { filterType: "PRICE_FILTER", minPrice: tickSize, maxPrice: "1000000", tickSize },
      { filterType: "LOT_SIZE", minQty: stepSize, maxQty: "1000000", stepSize },
      { filterType: "MARKET_LOT_SIZE", minQty: stepSize, maxQty: "1000000", stepSize },
      { filterType: "MAX_NUM_ORDERS", limit: 200 },
      ...(inverse ? [] : [{ filterType: "MIN_NOTIONAL", notional: "5" }]),
      { filterType: "PERCENT_PRICE", multiplierUp: "1.0500", multiplierDown: "0.9500", multiplierDecimal: "4" },
    ],
    orderTypes: ["LIMIT", "MARKET", "STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"],
    timeInForce: ["GTC", "IOC", "FOK", "GTX", "GTD"],
  };
}

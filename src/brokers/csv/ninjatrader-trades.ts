import { absolute, formatDecimal, parseDecimal } from "../../executions/decimal.ts";
import type { Direction } from "../../executions/execution.ts";
import { decimal, money, oneOf, optionalMoney, optionalText, text } from "./columns.ts";
import { type ClosedPosition, defineDialect, RowError } from "./dialect.ts";
import { type FuturesContract, futuresContract } from "./futures-contracts.ts";
import { ninjaTraderMarketOf, ninjaTraderTime } from "./ninjatrader.ts";
import { pnlByPrices } from "./price-pnl.ts";

/**
 * NinjaTrader 8, "Trade Performance > Trades" saved by the grid's menu: one row an entry with its exit. Times are on the computer's clock. The
 * profit is before commissions or after them, as the report was set: of futures the prices show which.
 */
export const ninjaTraderTrades = defineDialect({
  id: "ninjatrader_trades",
  broker: "ninjatrader",
  title: "NinjaTrader trades",
  export: "NinjaTrader > New > Trade Performance > Trades > right click > Export > CSV",
  markets: ["future", "stock", "forex"],
  layout: { kind: "table" },
  headers: [
    ["Account", "Instrument", "Market pos.", "Qty", "Entry price", "Exit price", "Entry time", "Exit time", "Profit"],
    ["Conta", "Ativo", "Pos mercado.", "Qtd", "Preço entrada", "Preço saída", "Hora entrada", "Hora saída", "Profit"],
  ],
  timezone: null,
  statedPnl: "gross",
  columns: {
    number: optionalText(["Trade number", "Núm. Neg."]),
    account: text(["Account", "Conta"]),
    symbol: text(["Instrument", "Ativo"]),
    direction: oneOf<Direction>(["Market pos.", "Pos mercado."], {
      Long: "long",
      Short: "short",
      Compra: "long",
      Venda: "short",
    }),
    quantity: decimal(["Qty", "Qtd"]),
    entryPrice: money(["Entry price", "Preço entrada"]),
    exitPrice: money(["Exit price", "Preço saída"]),
    opened: ninjaTraderTime(["Entry time", "Hora entrada"]),
    time: ninjaTraderTime(["Exit time", "Hora saída"]),
    profit: money("Profit"),
    commission: optionalMoney(["Commission", "Corretagem"]),
    clearingFee: optionalMoney("Clearing Fee"),
    exchangeFee: optionalMoney("Exchange Fee"),
    ipFee: optionalMoney("IP Fee"),
    nfaFee: optionalMoney("NFA Fee"),
  },
  timeColumn: "time",
  accountColumn: "account",
  summaryRow: (cells) => (cells[0] === "" || /^total/i.test(cells[0] ?? "") ? "a total" : null),
  toTrade(row, settings): ClosedPosition {
    const contract = futuresContract(row.symbol);
    const market = contract === null ? (settings.market ?? ninjaTraderMarketOf(row.symbol)) : "future";
    const currency = settings.currency ?? contract?.currency ?? null;
    if (currency === null) {
      throw new RowError("currency_unknown", "what the profit is paid in is not said (--currency says it)", "profit");
    }
    const { direction, quantity, entryPrice, exitPrice, profit } = row;
    const fees = [row.commission, row.clearingFee, row.exchangeFee, row.ipFee, row.nfaFee].reduce(
      (sum: bigint, fee) => sum + absolute(fee ?? 0n),
      0n,
    );
    const isNet = contract !== null && isAfterFees({ ...row, contractSize: contract.contractSize }, fees);
    return {
      id: null,
      identity: [
        ...[row.account, row.opened.text, row.time.text, direction],
        ...[quantity, entryPrice, exitPrice].map(formatDecimal),
      ],
      market,
      symbol: row.symbol,
      baseAsset: market === "forex" ? row.symbol.slice(0, 3) : row.symbol.length <= 24 ? row.symbol : null,
      quoteAsset: market === "forex" ? row.symbol.slice(3) : currency,
      direction,
      quantity,
      contractSize: contract?.contractSize ?? null,
      entryPrice,
      exitPrice,
      grossPnl: isNet ? profit + fees : profit,
      fees,
      pnlCurrency: currency,
      openedAtMs: row.opened.utcMs,
      closedAtMs: row.time.utcMs,
    };
  },
});

/** Profits are rounded to cents. */
const cent = parseDecimal("0.01");

interface Profit extends Pick<FuturesContract, "contractSize"> {
  direction: Direction;
  quantity: bigint;
  entryPrice: bigint;
  exitPrice: bigint;
  profit: bigint;
}

/** Whether fees were taken off the profit: it is then what the prices make without them. */
function isAfterFees({ profit, ...prices }: Profit, fees: bigint): boolean {
  const byPrices = pnlByPrices({ ...prices, market: "future" });
  return fees !== 0n && absolute(byPrices - fees - profit) <= cent && absolute(byPrices - profit) > cent;
}

import { absolute, type Decimal, formatDecimal, fromProduct, multiply, one } from "../../executions/decimal.ts";
import { looseMoney, optional, optionalText, text, time } from "./columns.ts";
import { dateNames, degiroTimes, isinNames, orderNames, productNames, timeNames } from "./degiro.ts";
import { type Column, defineDialect, RowError } from "./dialect.ts";
import { inMajorUnit } from "./minor-units.ts";

const priceNames = ["Price", "Koers", "Kurs", "Cours", "Precio", "Quotazione", "Preço", "Cena"];
const localNames = [
  "Local value",
  "Lokale waarde",
  "Wert in Lokalwährung",
  "Wert in Lokalwährun",
  "Valeur locale",
  "Montant devise locale",
];
const moreLocalNames = ["Valor local", "Valore locale", "Hodnota v domácí měně"];

/** Its name is cut off in older files, and says the currency in newer ones. */
const feeName =
  /^(?:Transaction (?:and\/or|costs)|Transactiekosten|Transaktionsgebühr|Transaktionskost|Gebühr|Costes de|Frais de courtage|Costi di|Commissioni di|Custos de)/i;

/** In the account's currency, which newer headers say here. */
const valueName = /^(?:Value|Waarde|Wert|Valor|Valeur|Montant|Valore)(?: [A-Z]{3})?$/;
const totalName = /^(?:Total|Totaal|Gesamt|Totale|Celkem|Montant négocié)(?: [A-Z]{3})?$/;

const totalWithCurrency = /^(?:Total|Totaal|Gesamt|Totale|Celkem|Montant négocié) ([A-Z]{3})$/;

/**
 * DEGIRO, transactions: one row a fill, newest first, minutes. A quantity below zero is a sale. Behind an amount its currency stands in a column
 * without a name; newer files name the account's currency in the header (`Total EUR`), and have the order's id one column further than its name. Fees and
 * the cost of exchanging currencies are negative, in the account's currency, and converted by the row's rate; together they are what lies between
 * value and total, where their own column has an unknown name. The symbol is the ISIN. Times are those of Amsterdam.
 */
export const degiroTransactions = defineDialect({
  id: "degiro_transactions",
  broker: "degiro",
  title: "DEGIRO transactions",
  export: "DEGIRO > Inbox > Transactions > Export, CSV",
  markets: ["stock"],
  layout: { kind: "table" },
  lastIsUnnamed: true,
  headers: [
    ["Date", "Time", "Product", "ISIN", "Quantity", "Price", "", "Local value"],
    ["Datum", "Tijd", "Product", "ISIN", "Aantal", "Koers", "", "Lokale waarde"],
    ["Datum", "Uhrzeit", "Produkt", "ISIN", "Anzahl", "Kurs", "", "Wert in Lokalwährung"],
    ["Fecha", "Hora", "Producto", "ISIN", "Número", "Precio", "", "Valor local"],
    ["Date", "Heure", "Produit", "Code ISIN", "Quantité", "Cours", ""],
    ["Data", "Ora", "Prodotto", "ISIN", "Quantità", "Quotazione", "", "Valore locale"],
    ["Data", "Hora", "Produto", "ISIN", "Quantidade", "Preço", "", "Valor local"],
  ],
  timezone: "Europe/Amsterdam",
  statedPnl: null,
  columns: {
    time: { ...time(dateNames, degiroTimes), and: timeNames },
    product: optionalText(productNames),
    isin: text(isinNames),
    quantity: looseMoney(["Quantity", "Aantal", "Anzahl", "Número", "Quantité", "Quantità", "Quantidade"]),
    price: looseMoney(priceNames),
    unit: text(priceNames.map((behind) => ({ behind }))),
    local: optional(looseMoney([...localNames, ...moreLocalNames])),
    rate: optional(
      looseMoney([
        "Exchange rate",
        "Wisselkoers",
        "Wechselkurs",
        "Tipo de cambio",
        "Taux de change",
        /^Tasso di(?: cambio)?$/,
        "Taxa de câmbio",
      ]),
    ),
    conversion: optional(looseMoney([/AutoFX/i])),
    fee: optional(looseMoney(feeName)),
    feeUnit: optionalText([{ behind: feeName }, { behind: totalName }]),
    value: optional(looseMoney(valueName)),
    total: optional(looseMoney(totalName)),
    accountCurrency: totalCurrency(),
    orderId: optionalText([...orderNames.map((behind) => ({ behind })), ...orderNames]),
  },
  timeColumn: "time",
  toExecution(row, settings) {
    const { currency, price, divisor } = inMajorUnit(row.unit, row.price);
    const quantity = absolute(row.quantity);
    const fee = feeOf(row);
    const feeAsset = row.feeUnit ?? row.accountCurrency ?? settings.currency;
    if (fee !== 0n && feeAsset === null) throw new RowError("unit_missing", "the fee does not say its currency", "fee");
    return {
      id: null,
      identity: [
        ...[row.time.text, row.isin, row.quantity < 0n ? "sell" : "buy", formatDecimal(quantity), formatDecimal(price)],
        row.orderId ?? "",
      ],
      market: "stock",
      symbol: row.isin,
      quoteAsset: currency,
      side: row.quantity < 0n ? "sell" : "buy",
      quantity,
      price,
      // In pence it is not said of what.
      quoteQuantity: row.local === null || divisor !== one ? null : absolute(row.local),
      fee,
      feeAsset: fee === 0n ? currency : feeAsset,
      feeInQuote: fee === 0n || feeAsset === currency ? fee : inShareCurrency(fee, divisor === one ? row.rate : null),
      orderId: row.orderId,
      executedAtMs: row.time.utcMs,
    };
  },
});

function feeOf({ fee, conversion, value, total }: Record<"fee" | "conversion" | "value" | "total", Decimal | null>) {
  if (fee === null && value !== null && total !== null) return value - total;
  return -((fee ?? 0n) + (conversion ?? 0n));
}

/** The account's currency, as newer headers say it: `Total EUR`. Null: a column of its own does. */
function totalCurrency(): Column<string | null> {
  const header = totalWithCurrency;
  return { header, optional: true, parse: (_cell, _reading, name) => header.exec(name.trim())?.[1] ?? null };
}

/** The rate is how much of the share's currency one of the account's is. */
function inShareCurrency(fee: Decimal, rate: Decimal | null): Decimal | null {
  return rate === null || rate === 0n ? null : fromProduct(multiply(fee, rate));
}

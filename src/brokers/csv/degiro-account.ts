import {
  absolute,
  type Decimal,
  divide,
  formatDecimal,
  fromProduct,
  multiply,
  toProduct,
} from "../../executions/decimal.ts";
import type { Side } from "../../executions/execution.ts";
import { looseMoney, optional, optionalId, optionalText, readMoney, text, time } from "./columns.ts";
import { dateNames, degiroTimes, isinNames, orderNames, productNames, timeNames } from "./degiro.ts";
import { CellError, defineDialect, type GroupDraft, type Outcome, type Row, RowError, skip } from "./dialect.ts";
import { withFees } from "./ledger-fees.ts";
import { inMajorUnit } from "./minor-units.ts";

/** `Change` and its like hold the currency; the column behind it, without a name, the amount. */
const changeNames = [
  "Change",
  "Mutatie",
  "Änderung",
  "Mouvements",
  "Mutation",
  "Variación",
  "Variazioni",
  "Mudança",
  "Změna",
  "Zmiana",
];
const descriptionNames = [
  ...[
    "Description",
    "Omschrijving",
    "Beschreibung",
    "Libellé",
    "Descripción",
    "Descrizione",
    "Descrição",
    "Popis",
    "Opis",
  ],
];

const columns = {
  time: { ...time(dateNames, degiroTimes), and: timeNames },
  product: optionalText(productNames),
  isin: optionalText(isinNames),
  description: text(descriptionNames),
  currency: optionalText(changeNames),
  amount: optional(looseMoney(changeNames.map((behind) => ({ behind })))),
  orderId: optionalId(orderNames),
};

type AccountRow = Row<typeof columns>;

const buys = "Koop|Buy|Kauf|Achat|Compra|Acquisto|Köp|Køb|Kjøp|Kupno|Nákup|Osto";
const sells = "Verkoop|Sell|Verkauf|Vente|Venta|Venda|Vendita|Sälj|Sälja|Salg|Sprzedaż|Prodej|Myynti";
/** `Koop 1 @ 33,9 USD`, `Compra 6 ISHARES MSCI WOR A@49,785 EUR (IE00B4L5Y983)`; with words before it, a corporate action. */
const order = new RegExp(
  `^(?<action>.+?:\\s*)?(?:(?<buy>${buys})|(?<sell>${sells}))\\s+(?<quantity>[\\d.,\\s\\u00a0]*\\d)(?:\\s+[^@]*?)?\\s*@\\s*(?<price>[\\d.,]+)\\s+(?<unit>[A-Za-z]{3})`,
  "i",
);

interface Order {
  row: AccountRow;
  side: Side;
  quantity: Decimal;
  price: Decimal;
  currency: string;
}

/**
 * DEGIRO, account statement: one row a movement of cash, newest first, minutes, in the languages of DEGIRO's countries. The rows of an order have its
 * id: the trade (quantity and price in its description), its fees, and the exchange of currencies, whose rate the fees are converted by. A long
 * text goes on in the row below it. The symbol is the ISIN. Times are those of Amsterdam. Of the two exports, Transactions says more.
 */
export const degiroAccount = defineDialect({
  id: "degiro_account",
  broker: "degiro",
  title: "DEGIRO account statement",
  export: "DEGIRO > Inbox > Account statement > Export, CSV (better: Transactions)",
  markets: ["stock"],
  layout: { kind: "table" },
  joins: { kind: "wrapped", continues: (cells) => cells.slice(0, 3).every(isEmpty) && !cells.every(isEmpty) },
  headers: [
    ["Date", "Time", "Value date", "Product", "ISIN", "Description", "FX", "Change", "", "Balance", "Order Id"],
    ["Datum", "Tijd", "Valutadatum", "Product", "ISIN", "Omschrijving", "FX", "Mutatie", "", "Saldo", "Order Id"],
    ["Datum", "Uhrzeit", "Produkt", "ISIN", "Beschreibung", "FX", "Änderung", "", "Saldo", "Order-ID"],
    ["Date", "Heure", "Produit", "Code ISIN", "Description", "FX", "Mouvements", "", "Solde", "ID Ordre"],
    ["Date", "Heure", "Produit", "ISIN", "Libellé", "FX", "Mutation", "", "Solde", "Order Id"],
    ["Fecha", "Hora", "Fecha valor", "Producto", "ISIN", "Descripción", "Variación", "", "Saldo", "ID Orden"],
    ["Data", "Ora", "Prodotto", "ISIN", "Descrizione", "Variazioni", "", "Saldo", "ID Ordine"],
    ["Data", "Hora", "Produto", "ISIN", "Descrição", "Mudança", "", "Saldo", "ID da Ordem"],
    ["Datum", "Čas", "Produkt", "ISIN", "Popis", "FX", "Změna", "", "ID objednávky"],
    ["Data", "Czas", "Produkt", "ISIN", "Opis", "FX", "Zmiana", "", "Saldo", "Identyfikator zlecenia"],
  ],
  timezone: "Europe/Amsterdam",
  statedPnl: null,
  columns,
  timeColumn: "time",
  groups: {
    windowMs: 60_000,
    keyOf: ({ orderId }) => orderId,
    read(rows, { decimalMark }) {
      const corporate = rows.filter(({ description }) => order.exec(description)?.groups?.action !== undefined);
      const others = rows.filter((row) => !corporate.includes(row));
      const unreadable: Outcome<typeof columns>[] = [];
      const orders = others.flatMap((row) => {
        try {
          return orderOf(row, decimalMark) ?? [];
        } catch (error) {
          if (!(error instanceof RowError)) throw error;
          unreadable.push({ rows: [row], is: error });
          return [];
        }
      });
      const left = others.filter((row) => !unreadable.some(({ rows: [bad] }) => bad === row));
      return [
        ...unreadable,
        ...corporate.map((row) => ({ rows: [row], is: skip("a corporate action, no order") })),
        ...(orders.length === 0
          ? left.map((row) => ({ rows: [row], is: skip(reasonOf(row)) }))
          : ordersWithCosts(orders, left)),
      ];
    },
  },
});

function isEmpty(cell: string): boolean {
  return cell.trim() === "";
}

function orderOf(row: AccountRow, decimalMark: Mark): Order | null {
  const { buy, quantity, price, unit } = order.exec(row.description)?.groups ?? {};
  if (quantity === undefined || price === undefined || unit === undefined) return null;
  const numbers = numbersIn(quantity, price, decimalMark, (count, each) => {
    const total = multiply(count, inMajorUnit(unit, each).price);
    return row.amount !== null && absolute(total - toProduct(absolute(row.amount))) * 100n <= total;
  });
  const { currency, price: inMajor } = inMajorUnit(unit, numbers.price);
  return { row, side: buy === undefined ? "sell" : "buy", quantity: numbers.quantity, price: inMajor, currency };
}

type Mark = "." | ",";

/**
 * `1,000 … @ 2.5` or `1.000 … @ 2,5`: descriptions have the marks of their language. Where they do not show it, the amount does; where it fits both
 * ways, the file's other numbers do.
 */
function numbersIn(
  quantity: string,
  price: string,
  fileMark: Mark,
  makesAmount: (quantity: Decimal, price: Decimal) => boolean,
) {
  const marks: readonly Mark[] = fileMark === "," ? [",", "."] : [".", ","];
  const readings = marks.flatMap((decimalMark) => {
    try {
      return [{ quantity: readMoney(quantity, { decimalMark }), price: readMoney(price, { decimalMark }) }];
    } catch (error) {
      if (!(error instanceof CellError)) throw error;
      return [];
    }
  });
  const [first] = readings;
  if (first === undefined) {
    throw new RowError("not_a_number", `expected quantity and price, found "${quantity} @ ${price}"`, "description");
  }
  if (readings.every((numbers) => numbers.quantity === first.quantity && numbers.price === first.price)) return first;
  const right = readings.find((numbers) => makesAmount(numbers.quantity, numbers.price));
  if (right !== undefined) return right;
  throw new RowError(
    "ambiguous_number",
    `"${quantity} @ ${price}" can be read in two ways, and the amount fits neither`,
    "description",
  );
}

/** Fees and exchange are those of all fills of the order in this minute: the first fill carries them. */
function ordersWithCosts(orders: readonly Order[], rows: readonly AccountRow[]): Outcome<typeof columns>[] {
  const trades = new Set(orders.map(({ row }) => row));
  const costs = rows.filter((row) => !trades.has(row));
  return orders.map((made, index) => {
    const own = index === 0 ? costs : [];
    return { rows: [made.row, ...own], is: executionOf(made, own) };
  });
}

const exchanges = /valuta|valutaväxling|fx |cambio|câmbio|divisa|währung|devise|wymiana|měn/i;

function executionOf(
  { row, side, quantity, price, currency }: Order,
  costs: readonly AccountRow[],
): readonly GroupDraft[] | RowError {
  const symbol = row.isin ?? row.product;
  if (symbol === null) return new RowError("empty", "an order needs its ISIN", "isin");
  const isExchange = ({ description }: AccountRow) => exchanges.test(description);
  const fees = costs.filter((cost) => !isExchange(cost) && cost.currency !== null && cost.amount !== null);
  const drafts = withFees(
    {
      id: `${row.orderId ?? ""}#${formatDecimal(quantity)}@${formatDecimal(price)}#${row.time.text}`,
      orderId: row.orderId,
      market: "stock",
      symbol,
      quoteAsset: currency,
      side,
      quantity,
      price,
      quoteQuantity: row.amount === null ? null : absolute(row.amount),
    },
    fees.map((cost) => ({ asset: cost.currency ?? "", amount: -(cost.amount ?? 0n) })),
  );
  const rates = ratesOf(costs.filter(isExchange), currency);
  return drafts.map((draft) => asRow(inShareCurrency(draft, currency, rates), row));
}

/** Fills have no ids of their own, and two of one minute can be the same. */
function asRow(draft: GroupDraft, row: AccountRow): GroupDraft {
  const identity = [row.time.text, draft.symbol, draft.id ?? "", draft.type ?? "fill"];
  return { ...draft, id: null, identity };
}

/** What one of another currency is in the share's, by what was exchanged for the order. */
function ratesOf(rows: readonly AccountRow[], currency: string): ReadonlyMap<string, Decimal> {
  const sums = Map.groupBy(rows, (row) => row.currency ?? "");
  const totalOf = (asset: string) =>
    absolute((sums.get(asset) ?? []).reduce((sum, { amount }) => sum + (amount ?? 0n), 0n));
  const own = totalOf(currency);
  const rates = [...sums.keys()]
    .filter((asset) => asset !== currency && totalOf(asset) !== 0n && own !== 0n)
    .map((asset) => [asset, divide(own, totalOf(asset))] as const);
  return new Map(rates);
}

function inShareCurrency(draft: GroupDraft, currency: string, rates: ReadonlyMap<string, Decimal>): GroupDraft {
  const { fee = null, feeAsset = null } = draft;
  if (fee === null || feeAsset === null || feeAsset === currency) return draft;
  const rate = rates.get(feeAsset);
  return rate === undefined ? draft : { ...draft, feeInQuote: fromProduct(multiply(fee, rate)) };
}

const reasons: readonly [RegExp, string][] = [
  [/divid/i, "a dividend or its tax"],
  [/kosten|fee|frais|gebühr|costi|comiss|courtage|verbindung/i, "a fee of the account"],
  [exchanges, "an exchange of currencies"],
  [
    /deposit|sofort|ideal|overboeking|withdrawal|terugstorting|ingreso|sweep|transfer|einzahlung|auszahlung/i,
    "a transfer",
  ],
  [/rente|interest|zins/i, "interest"],
];

function reasonOf({ description }: AccountRow): string {
  return reasons.find(([pattern]) => pattern.test(description))?.[1] ?? "no order";
}

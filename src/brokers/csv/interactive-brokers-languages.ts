import type { Market } from "../../executions/execution.ts";

/**
 * What an activity statement calls its sections, columns and kinds of assets: English, Chinese, French, German, Portuguese, Russian and Spanish, as
 * statements that people published have them.
 */
export const names = {
  section: ["交易", "Transactions", "Transaktionen", "Operações", "Сделки", "Operaciones"],
  category: [
    "Asset Category",
    "资产分类",
    "Catégorie d'actifs",
    "Catégorie d'actif",
    "Vermögenswertkategorie",
    "Anlagekategorie",
    "Categoria de ativos",
    "Класс актива",
    "Categoría de activo",
  ],
  currency: ["Currency", "货币", "Devise", "Währung", "Moeda", "Валюта", "Divisa"],
  account: ["Account", "账户", "Compte", "Konto", "Conta", "Счет", "Счёт", "Cuenta"],
  symbol: ["Symbol", "代码", "Symbole", "Símbolo", "Символ"],
  description: ["Description", "描述", "Beschreibung", "Descrição", "Описание", "Descripción"],
  time: ["Date/Time", "日期/时间", "Date/Heure", "Datum/Zeit", "Data/hora", "Дата/Время", "Fecha/Hora"],
  quantity: ["Quantity", "数量", "Quantité", "Menge", "Quantidade", "Количество", "Cantidad"],
  price: ["T. Price", "交易价格", "Prix trans.", "T.-Kurs", "Preço Neg.", "Цена транзакции", "Precio trans."],
  proceeds: ["Proceeds", "Notional Value", "收益", "面值", "Produit", "Erlös", "Rendimentos", "Выручка", "Productos"],
  fee: [
    "Comm/Fee",
    "佣金/税",
    "Comm/Tarif",
    "Prov./Gebühr",
    "Provision/Gebühr",
    "Corr/Taxa",
    "Комиссия/плата",
    "Tarifa/com.",
  ],
  realizedPnl: [
    "Realized P/L",
    "已实现的损益",
    "P/L réalisé",
    "Realisierter G&V",
    "Realisierter G/V",
    "P&L realizados",
    "Реализованная П/У",
    "PyG realizadas",
  ],
  // In Chinese the column of symbols has the same name: this is the last.
  code: ["Code", { last: "代码" }, "Código", "Код"],
  multiplier: ["Multiplier", "乘数", "Multiplicateur", "Multiplikator", "Multiplicador", "Множитель"],
  headers: [
    ["DataDiscriminator", "Asset Category", "Currency", "Symbol", "Date/Time", "Quantity", "T. Price"],
    ["DataDiscriminator", "资产分类", "货币", "代码", "日期/时间", "数量", "交易价格"],
    ["DataDiscriminator", "Catégorie d'actifs", "Devise", "Symbole", "Date/Heure", "Quantité", "Prix trans."],
    ["DataDiscriminator", "Catégorie d'actif", "Devise", "Symbole", "Date/Heure", "Quantité", "Prix trans."],
    ["DataDiscriminator", "Vermögenswertkategorie", "Währung", "Symbol", "Datum/Zeit", "Menge", "T.-Kurs"],
    ["DataDiscriminator", "Anlagekategorie", "Währung", "Symbol", "Datum/Zeit", "Menge", "T.-Kurs"],
    ["DataDiscriminator", "Categoria de ativos", "Moeda", "Símbolo", "Data/hora", "Quantidade", "Preço Neg."],
    ["DataDiscriminator", "Класс актива", "Валюта", "Символ", "Дата/Время", "Количество", "Цена транзакции"],
    ["DataDiscriminator", "Categoría de activo", "Divisa", "Símbolo", "Fecha/Hora", "Cantidad", "Precio trans."],
  ],
} as const;

/** A kind of assets: symbols of one kind name one thing. */
export interface Assets {
  kind: string;
  market: Market;
  /** What it is called in English; null: this is another language's name of it. */
  english: string | null;
}

const kinds: { kind: string; market: Market; english: readonly string[]; others: readonly string[] }[] = [
  {
    kind: "stocks",
    market: "stock",
    english: ["Stocks", "Warrants", "Structured Products", "Mutual Funds"],
    others: ["股票", "权证", "Actions", "Aktien", "Optionsscheine", "Ações", "Акции", "Варранты", "Acciones"],
  },
  {
    kind: "bonds",
    market: "stock",
    english: ["Bonds", "Treasury Bills"],
    others: ["债券", "Obligations", "Anleihen", "Obrigações", "Облигации", "Bonos"],
  },
  {
    kind: "options",
    market: "option",
    english: ["Equity and Index Options"],
    others: [
      "股票和指数期权",
      "Options sur actions et indices",
      "Aktien- und Indexoptionen",
      "Opções sobre ações e índices",
      "Опционы на акции и индексы",
      "Opciones sobre acciones e índices",
    ],
  },
  {
    kind: "options on futures",
    market: "option",
    english: ["Options On Futures"],
    others: ["期货期权", "Opções sobre futuros", "Опционы на фьючерсы", "Opciones sobre futuros"],
  },
  {
    kind: "futures",
    market: "future",
    english: ["Futures"],
    others: ["期货", "Contrats à terme", "Futuros", "Фьючерсы"],
  },
  { kind: "forex", market: "forex", english: ["Forex"], others: ["外汇", "Devisen", "Fórex", "Форекс"] },
  { kind: "cfds", market: "cfd", english: ["CFDs"], others: ["差价合约", "CFD"] },
  { kind: "forex cfds", market: "cfd", english: ["Forex CFDs"], others: [] },
];

/** By what a statement calls them, in small letters. */
export const categories: ReadonlyMap<string, Assets> = new Map(
  kinds.flatMap(({ kind, market, english, others }) => [
    ...others.map((name): [string, Assets] => [name.toLowerCase(), { kind, market, english: null }]),
    ...english.map((name): [string, Assets] => [name.toLowerCase(), { kind, market, english: name }]),
  ]),
);

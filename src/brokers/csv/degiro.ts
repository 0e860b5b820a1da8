/** What both exports of DEGIRO share: one layout in the languages of its countries. */
export const degiroTimes = ["DD-MM-YYYY hh:mm", "DD/MM/YYYY hh:mm", "DD.MM.YYYY hh:mm", "YYYY-MM-DD hh:mm"] as const;

export const dateNames = ["Date", "Datum", "Fecha", "Data", "Dato", "Päivämäärä"];
export const timeNames = [
  "Time",
  "Tijd",
  "Uhrzeit",
  "Heure",
  "Hora",
  "Ora",
  "Čas",
  "Czas",
  "Tid",
  "Klokkeslæt",
  "Aika",
];
export const productNames = ["Product", "Produkt", "Produit", "Producto", "Prodotto", "Produto", "Tuote"];
export const isinNames = ["ISIN", "Code ISIN"];
export const orderNames = [
  ...[
    "Order Id",
    "Order-ID",
    "ID Ordre",
    "ID Orden",
    "ID Ordine",
    "ID da Ordem",
    "ID objednávky",
    "Identyfikator zlecenia",
  ],
];

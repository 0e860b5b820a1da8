/** What all exports of Binance share. */

/** An export of a period without trades has one row that says so. */
export function noDataRow(cells: readonly string[]): string | null {
  return /^no data matches the criteria\.?$/i.test(cells[0] ?? "") ? "the export is empty" : null;
}

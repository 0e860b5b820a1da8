/**
 * What a report may take of this machine. A terminal writes some 700 bytes a row, so these are far above any account's history,
 * and a file beyond them is refused with a clear error instead of filling the memory.
 */
export interface ReportLimits {
  /** Of an HTML or CSV file; of an XLSX file as it lies on disk. */
  fileBytesMax: number;
  /** Of all sheets of an XLSX file, unpacked: a small file can unpack to terabytes. */
  sheetBytesMax: number;
  sharedStringsBytesMax: number;
  /** Positions, tickets and deals: they are kept in memory, at about 2 KB each, since a report has no order that would allow to forget any. */
  rowsMax: number;
}

export const reportLimits: ReportLimits = {
  fileBytesMax: 512 * 1024 ** 2,
  sheetBytesMax: 512 * 1024 ** 2,
  sharedStringsBytesMax: 64 * 1024 ** 2,
  rowsMax: 200_000,
};

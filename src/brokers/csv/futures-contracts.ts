import { type Decimal, parseDecimal } from "../../executions/decimal.ts";
import { RowError } from "./dialect.ts";

/**
 * What one point of the price of a future is worth: exports of futures brokers do not say it. By the exchanges' specifications, of the contracts
 * that private traders trade.
 */
const dollars: Record<string, string> = {
  // Indexes: CME, CBOT
  ES: "50",
  MES: "5",
  NQ: "20",
  MNQ: "2",
  RTY: "50",
  M2K: "5",
  YM: "5",
  MYM: "0.5",
  EMD: "100",
  NKD: "5",
  // Interest rates: CBOT, CME
  ZB: "1000",
  UB: "1000",
  ZN: "1000",
  TN: "1000",
  ZF: "1000",
  ZT: "2000",
  ZQ: "4167",
  SR3: "2500",
  GE: "2500",
  // Currencies: CME
  "6A": "100000",
  "6B": "62500",
  "6C": "100000",
  "6E": "125000",
  "6J": "12500000",
  "6M": "500000",
  "6N": "100000",
  "6S": "125000",
  E7: "62500",
  J7: "6250000",
  M6A: "10000",
  M6B: "6250",
  M6E: "12500",
  // Energy: NYMEX
  CL: "1000",
  MCL: "100",
  QM: "500",
  NG: "10000",
  QG: "2500",
  MNG: "1000",
  RB: "42000",
  HO: "42000",
  BZ: "1000",
  // Metals: COMEX, NYMEX
  GC: "100",
  MGC: "10",
  QO: "50",
  SI: "5000",
  SIL: "1000",
  QI: "2500",
  HG: "25000",
  MHG: "2500",
  QC: "12500",
  PL: "50",
  PA: "100",
  // Grains and meat: CBOT, CME; prices in cents
  ZC: "50",
  ZS: "50",
  ZW: "50",
  KE: "50",
  ZO: "50",
  ZL: "600",
  ZM: "100",
  XC: "10",
  XK: "10",
  XW: "10",
  HE: "400",
  LE: "400",
  GF: "500",
  // Coins: CME
  BTC: "5",
  MBT: "0.1",
  ETH: "50",
  MET: "0.1",
};

/** Eurex. */
const euros: Record<string, string> = {
  FDAX: "25",
  FDXM: "5",
  FDXS: "1",
  FESX: "10",
  FSXE: "1",
  FGBL: "1000",
  FGBM: "1000",
  FGBS: "1000",
  FGBX: "1000",
  FVS: "100",
};

export interface FuturesContract {
  root: string;
  currency: string;
  contractSize: Decimal;
}

const sizes = new Map<string, FuturesContract>([
  ...Object.entries(dollars).map(([root, size]) => entry(root, size, "USD")),
  ...Object.entries(euros).map(([root, size]) => entry(root, size, "EUR")),
]);

function entry(root: string, size: string, currency: string): [string, FuturesContract] {
  return [root, { root, currency, contractSize: parseDecimal(size) }];
}

const months = "JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC";
/** `ESZ26`, `ESZ6`, `ES 12-26`, `ES DEC26`, `/ESZ26:XCME`. */
const contract = new RegExp(
  `^/?([A-Z0-9]{1,4}?)(?:[FGHJKMNQUVXZ]\\d{1,2}| \\d{2}-\\d{2}| (?:${months})\\d{2})?(?::[A-Z]+)?$`,
);

/** Null: none whose size is known. */
export function futuresContract(symbol: string): FuturesContract | null {
  const [, root] = contract.exec(symbol.toUpperCase()) ?? [];
  return root === undefined ? null : (sizes.get(root) ?? null);
}

/** @throws {RowError} */
export function futuresContractOf(symbol: string, column: string): FuturesContract {
  const found = futuresContract(symbol);
  if (found !== null) return found;
  throw new RowError(
    "contract_size_unknown",
    "what a point of this contract is worth is not known: enter it by hand",
    column,
  );
}

import { CellError, type Column, type Skip, skip } from "./dialect.ts";

/** What a row of Binance's transaction history is. */
export type Operation =
  /** A leg of a fill. Old files call both legs Buy, or Sell; newer ones the coin that came in Buy, and the one that went out Sell. */
  | { kind: "leg"; of: "buy" | "sell" | "related" | "bought" | "sold" }
  | { kind: "fee" }
  /** A leg of a conversion. */
  | { kind: "conversion"; name: string }
  /** Paid by card or from a bank: what was paid in may stand there, too. */
  | { kind: "purchase"; name: string }
  | Skip;

const legs = {
  buy: "buy",
  sell: "sell",
  "transaction related": "related",
  "transaction buy": "bought",
  "transaction spend": "bought",
  "transaction sold": "sold",
  "transaction revenue": "sold",
} as const;

const conversions = [
  ...["binance convert", "large otc trading", "small assets exchange bnb", "stablecoins auto-conversion"],
  ...["leverage token redemption", "asset conversion transfer", "futures convert", "convert fiat to crypto ocbs"],
] as const;

const purchases = ["buy crypto", "buy crypto with card", "buy crypto with fiat", "sell crypto to fiat"] as const;

/** By the reason why they are no trade. */
const others: Record<string, readonly string[]> = {
  "a deposit": ["deposit", "fiat deposit", "deposit fiat ocbs", "fiat ocbs - add fiat and fees"],
  "a withdrawal": ["withdraw", "fiat withdraw", "fiat withdrawal", "send"],
  "a transfer": ["transfer_in", "transfer_out", "c2c transfer", "p2p trading", "crypto box", "asset - transfer"],
  "a rebate of commissions": [
    ...["commission history", "referrer rebates", "referee rebates", "commission rebate", "referral kickback"],
    ...["commission fee shared with you", "referral commission", "cashback voucher"],
  ],
  "an airdrop or a reward": [
    ...["airdrop assets", "cash voucher distribution", "simple earn flexible airdrop", "campaign related reward"],
    ...["launchpool airdrop", "hodler airdrops distribution", "megadrop rewards", "distribution", "pool distribution"],
    ...["launchpool airdrop - user claim distribution", "launchpool airdrop - system distribution"],
    ...["super bnb mining", "swap farming rewards"],
  ],
  interest: [
    ...["savings interest", "simple earn flexible interest", "launchpool interest", "pos savings interest"],
    ...["savings distribution", "bnb vault rewards", "liquid swap rewards", "launchpool earnings withdrawal"],
  ],
  "a staking reward": [
    ...["staking rewards", "eth 2.0 staking rewards", "simple earn locked rewards", "dot slot auction rewards"],
  ],
  "a move for staking or saving": [
    ...[
      "eth 2.0 staking",
      "staking purchase",
      "staking redemption",
      "savings purchase",
      "savings principal redemption",
    ],
    ...["pos savings purchase", "pos savings redemption", "simple earn locked subscription"],
    ...["simple earn locked redemption", "simple earn flexible subscription", "simple earn flexible redemption"],
    ...["launchpool subscription/redemption", "launchpad subscribe", "liquid swap add", "liquid swap add/sell"],
    ...["liquidity farming remove"],
  ],
  "a change of an asset's name": ["token swap - distribution", "token swap - redenomination/rebranding"],
  "paid by card": ["binance card spending", "binance card cashback", "card cashback"],
  "a loan or its repayment": [
    ...["margin loan", "isolated margin loan", "isolatedmargin loan", "margin repayment", "isolated margin repayment"],
    ...["isolatedmargin repayment", "cross margin liquidation - repayment"],
  ],
  "BNB for fees, without a word on which trade they are of": ["bnb fee deduction", "bnb deducts fee"],
  "a futures entry without its contract: Futures Order > Trade History has it": [
    ...["realize profit and loss", "realized profit and loss", "funding fee", "insurance fund compensation"],
    ...["insurance fund refund"],
  ],
  "a correction": ["asset recovery", "leveraged coin consolidation"],
};

const known = new Map<string, Operation>([
  ...Object.entries(legs).map(([name, of]): [string, Operation] => [name, { kind: "leg", of }]),
  ...conversions.map((name): [string, Operation] => [name, { kind: "conversion", name }]),
  ...purchases.map((name): [string, Operation] => [name, { kind: "purchase", name }]),
  ...Object.entries(others).flatMap(([reason, names]) =>
    names.map((name): [string, Operation] => [name, skip(reason)]),
  ),
  ["fee", { kind: "fee" }],
  ["transaction fee", { kind: "fee" }],
]);

const transfer = skip("a transfer");

/** In any case: Binance itself changed it. */
export function operation(header: string): Column<Operation> {
  return {
    header,
    parse(cell) {
      const name = cell.toLowerCase();
      const found = known.get(name) ?? (name.startsWith("transfer between ") ? transfer : undefined);
      if (found !== undefined) return found;
      throw new CellError(cell === "" ? "empty" : "unknown_value", "an operation of Binance that is known");
    },
  };
}

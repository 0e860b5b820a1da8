import { CellError, type Column, type Skip, skip } from "./dialect.ts";

/** What a row of the Crypto.com App's history is. `swap`: rows with the same name and time are one. */
export type CryptocomKind = "exchange" | "purchase" | { swap: string } | Skip;

const exchanges = [
  ...["crypto_exchange", "viban_purchase", "van_purchase", "crypto_viban_exchange", "crypto_to_van_sell_order"],
  ...["trading.limit_order.fiat_wallet.purchase_commit", "trading.limit_order.fiat_wallet.sell_commit"],
  ...["trading.limit_order.cash_account.purchase_commit", "trading.limit_order.cash_account.sell_commit"],
  ...["trading.limit_order.crypto_wallet.exchange", "recurring_buy_order"],
];

const purchases = ["crypto_purchase", "trading.crypto_purchase.google_pay"];

/** All that a swap of MCO was made of stands in `dynamic_coin_swap` once more. */
const swaps = ["dynamic_coin_swap", "dust_conversion", "interest_swap"];
const partsOfSwaps = ["lockup_swap", "crypto_wallet_swap"];

const limitOrder = ["fiat_wallet.purchase", "fiat_wallet.sell", "cash_account.purchase", "cash_account.sell"];

/** By the reason why they are no trade. */
const others: Record<string, readonly string[]> = {
  "a part of a swap that has a row of its own": partsOfSwaps.flatMap((name) => [`${name}_credited`, `${name}_debited`]),
  "money put aside for an order, or given back": [
    ...limitOrder.flatMap((name) => ["lock", "unlock"].map((move) => `trading.limit_order.${name}_${move}`)),
    ...["trading.limit_order.crypto_wallet.fund_lock", "trading.limit_order.crypto_wallet.fund_unlock"],
  ],
  "a deposit": ["crypto_deposit", "viban_deposit", "viban_deposit_precredit", "viban_deposit_precredit_repayment"],
  "a withdrawal": ["crypto_withdrawal"],
  "a transfer": [
    ...["exchange_to_crypto_transfer", "crypto_to_exchange_transfer", "crypto_transfer", "invest_deposit"],
    ...["invest_withdrawal", "airdrop_to_exchange_transfer"],
  ],
  "a payment or what was given back of it": [
    ...["crypto_payment", "crypto_payment_refund", "card_top_up", "viban_card_top_up", "card_cashback_reverted"],
    ...["reimbursement", "reimbursement_reverted", "referral_card_cashback", "transfer_cashback"],
    ...["pay_checkout_reward", "gift_card_reward"],
  ],
  "a reward": [
    ...["referral_bonus", "referral_gift", "admin_wallet_credited", "campaign_reward", "airdrop_locked"],
    ...["mco_stake_reward", "rewards_platform_deposit_credited", "supercharger_reward_to_app_credited"],
    ...["lockup_swap_rebate", "dynamic_coin_swap_bonus_exchange_deposit"],
    ...["reward.loyalty_program.trading_rebate.crypto_wallet"],
  ],
  interest: [
    ...["crypto_earn_interest_paid", "crypto_earn_extra_interest_paid"],
    ...["finance.lockup.dpos_compound_interest.crypto_wallet", "finance.dpos.non_compound_interest.crypto_wallet"],
    ...["finance.dpos.compound_interest.crypto_wallet"],
    ...["finance.crypto_earn.loyalty_program_extra_interest_paid.crypto_wallet"],
  ],
  "a move for earning": [
    ...["crypto_earn_program_created", "crypto_earn_program_withdrawn", "lockup_lock", "lockup_unlock"],
    ...["lockup_upgrade", "supercharger_deposit", "supercharger_withdrawal", "council_node_deposit_created"],
    ...["finance.lockup.dpos_lock.crypto_wallet", "finance.dpos.staking.crypto_wallet"],
    ...["finance.dpos.unstaking.crypto_wallet"],
  ],
  // Fiat wallets have no kinds.
  "a move of money": [""],
};

const known = new Map<string, CryptocomKind>([
  ...exchanges.map((kind): [string, CryptocomKind] => [kind, "exchange"]),
  ...purchases.map((kind): [string, CryptocomKind] => [kind, "purchase"]),
  ...swaps.flatMap((swap) =>
    ["credited", "debited"].map((side): [string, CryptocomKind] => [`${swap}_${side}`, { swap }]),
  ),
  ...Object.entries(others).flatMap(([reason, kinds]) =>
    kinds.map((kind): [string, CryptocomKind] => [kind, skip(reason)]),
  ),
]);

export function cryptocomKind(header: string): Column<CryptocomKind> {
  return {
    header,
    parse(cell) {
      const found = known.get(cell.toLowerCase());
      if (found === undefined) throw new CellError("unknown_value", "a kind of transaction that is known");
      return found;
    },
  };
}

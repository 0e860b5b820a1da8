import type { Decimal } from "../../../src/executions/decimal.ts";
import { fixed } from "../amounts.ts";
import { accountOf, type Call } from "./state.ts";

const fee = "0.00100000";

/** `/api/v3/account`: balances, by the matching engine: they have a late fill before the lists do. */
export function spotAccount(call: Call): unknown {
  const account = accountOf(call);
  const omitZero = call.parameters.text("omitZeroBalances") === "true";
  const balances = [...account.ledger.balancesAt("spot", call.nowMs)].filter(
    ([, amount]) => !omitZero || amount !== 0n,
  );
  const { permissions } = account;
  return {
    makerCommission: 10,
    takerCommission: 10,
    buyerCommission: 0,
    sellerCommission: 0,
    commissionRates: { maker: fee, taker: fee, buyer: "0.00000000", seller: "0.00000000" },
    canTrade: permissions.trading,
    canWithdraw: permissions.withdrawals,
    canDeposit: true,
    brokered: false,
    requireSelfTradePrevention: false,
    preventSor: false,
    updateTime: call.nowMs,
    accountType: "SPOT",
    balances: balances.map(([asset, amount]) => ({ asset, free: fixed(amount, 8), locked: "0.00000000" })),
    permissions: ["SPOT"],
    uid: account.uid,
  };
}

/** `/sapi/v1/account/apiRestrictions` */
export function apiRestrictions(call: Call): unknown {
  const { permissions } = accountOf(call);
  return {
    ipRestrict: permissions.ipAllowList !== null,
    createTime: call.state.world.startMs,
    enableReading: permissions.reading,
    enableWithdrawals: permissions.withdrawals,
    enableInternalTransfer: false,
    enableMargin: permissions.margin,
    enableFutures: permissions.futures,
    permitsUniversalTransfer: false,
    enableVanillaOptions: false,
    enableFixApiTrade: false,
    enableFixReadOnly: false,
    enableSpotAndMarginTrading: permissions.trading,
    enablePortfolioMarginTrading: permissions.portfolioMargin,
  };
}

/** `/sapi/v1/margin/account` */
export function marginAccount(call: Call): unknown {
  const balances = accountOf(call).ledger.balancesAt("margin", call.nowMs);
  return {
    created: true,
    borrowEnabled: true,
    marginLevel: "999.00000000",
    collateralMarginLevel: "999.00000000",
    totalAssetOfBtc: "0.00000000",
    totalLiabilityOfBtc: "0.00000000",
    totalNetAssetOfBtc: "0.00000000",
    tradeEnabled: true,
    transferInEnabled: true,
    transferOutEnabled: true,
    accountType: "MARGIN_1",
    userAssets: [...balances].map(([asset, amount]) => marginAsset(asset, amount)),
  };
}

function marginAsset(asset: string, amount: Decimal): unknown {
  const borrowed = amount < 0n ? -amount : 0n;
  const free = amount < 0n ? 0n : amount;
  return {
    asset,
    borrowed: fixed(borrowed, 8),
    free: fixed(free, 8),
    interest: "0.00000000",
    locked: "0.00000000",
    netAsset: fixed(amount, 8),
  };
}

/** `/sapi/v3/asset/getUserAsset` and `/sapi/v1/asset/get-funding-asset` */
export function userAssets(call: Call, wallet: "spot" | "funding"): unknown {
  const asset = call.parameters.text("asset");
  const held = [...accountOf(call).ledger.balancesAt(wallet, call.nowMs)].filter(([, amount]) => amount !== 0n);
  return held
    .filter(([name]) => asset === null || name === asset)
    .map(([name, amount]) => ({
      asset: name,
      free: fixed(amount, 8),
      locked: "0",
      freeze: "0",
      withdrawing: "0",
      ipoable: "0",
      btcValuation: "0",
    }));
}

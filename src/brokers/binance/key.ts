import type { BrokerAccount } from "../broker.ts";
import { failure } from "../broker-failure.ts";
import type { KeyState } from "./cursor.ts";
import { endpoints } from "./endpoints.ts";
import { NoEndpoint } from "./errors.ts";
import { dayMs, type Reading, warn } from "./reading.ts";
import { Restrictions } from "./rows.ts";

/** What the key may do, once a day, and each time that nothing of it was read before: it is the first signed request, and so tests the key. */
export async function checkKey(reading: Reading, { markets }: Pick<BrokerAccount, "markets">): Promise<void> {
  const { key } = reading.state;
  const nowMs = Math.floor(reading.client.nowMs());
  if (nowMs - key.checkedAtMs >= dayMs)
    await askKey(reading, key, markets.includes("linear") || markets.includes("inverse"), nowMs);
  if (key.canWithdraw) {
    const message = "The key may withdraw. Reading is all that is needed: take that right away.";
    warn(reading, "key", { code: "key_can_withdraw", message });
  }
  if (key.canTrade) {
    const message = "The key may trade. Reading is all that is needed: take that right away.";
    warn(reading, "key", { code: "key_can_trade", message });
  }
}

async function askKey({ client }: Reading, key: KeyState, readsFutures: boolean, nowMs: number): Promise<void> {
  try {
    const rights = await client.get(endpoints.permissions, {}, Restrictions);
    if (!rights.enableReading) {
      throw failure("permission_missing", "The key may not read.", {
        hint: "Switch reading on for the key, or enter another key.",
      });
    }
    const { enableSpotAndMarginTrading, enableVanillaOptions, enableFutures, enablePortfolioMarginTrading } = rights;
    // To read futures a key needs the right that also lets it trade them: that alone is no reason to warn.
    const tradesFutures = enableFutures === true && !readsFutures;
    key.canTrade = enableSpotAndMarginTrading === true || enableVanillaOptions === true || tradesFutures;
    key.canWithdraw = [
      rights.enableWithdrawals,
      rights.enableInternalTransfer,
      rights.permitsUniversalTransfer,
    ].includes(true);
    key.portfolioMargin = enablePortfolioMarginTrading === true;
  } catch (error) {
    if (!(error instanceof NoEndpoint)) throw error; // a mirror that has markets alone
  }
  key.checkedAtMs = nowMs;
}

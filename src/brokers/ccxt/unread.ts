import { Failure } from "../../errors.ts";
import { NoWallet } from "./errors.ts";
import { dayMs, type Exchange, type Reading, type Unread, warn } from "./exchange.ts";

/** Rows showed that the account has something that this version does not read. */
export function noteUnread({ state }: Pick<Reading, "state">, key: string): void {
  state.notes.set(`unread/${key}`, "y");
}

/** A warning in every run for what the account has and is not read; whether it has it is asked once a day. */
export async function warnOfUnread(reading: Reading, { id, unread = [] }: Exchange): Promise<void> {
  const { account, state } = reading;
  for (const what of unread.filter(({ markets }) => markets.some((market) => account.markets.includes(market)))) {
    const note = `unread/${what.key}`;
    const today = `:${Math.floor(reading.client.nowMs() / dayMs).toString(36)}`;
    // What was there once is missing from the history for good.
    if (what.isThere !== undefined && !(state.notes.get(note) ?? "").startsWith("y")) {
      if (state.notes.get(note) !== `n${today}`) {
        state.notes.set(note, (await ask(reading, what.isThere, id)) ? "y" : `n${today}`);
      }
    }
    if (state.notes.get(note) === "y") warn(reading, note, { code: "partial", message: what.message });
  }
}

async function ask({ client }: Reading, isThere: NonNullable<Unread["isThere"]>, broker: string): Promise<boolean> {
  try {
    return await isThere(client);
  } catch (error) {
    if (error instanceof NoWallet) return false;
    // A key that may not ask, or a venue that no longer answers it, says nothing of the lists that are read.
    const { code } = error instanceof Failure ? error.detail : {};
    if (code !== "permission_missing" && code !== "broker_answer") throw error;
    client.tools.context.log.debug("unread_unknown", { broker, account_id: client.accountId, code });
    return false;
  }
}

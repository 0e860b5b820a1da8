import { legsPerRevisionMax } from "../../trades/derive.ts";
import type { Trade } from "../../trades/trade.ts";

/** A body stays below the contract's 1,000,000 bytes: what the lots may take of it. */
export const lotBytesPerBatchMax = 500_000;

/** Batches of trades without executions, within the limits of one request. */
export function chunkTrades(trades: Trade[], tradesMax: number): Trade[][] {
  const chunks: Trade[][] = [];
  let legs = 0;
  let stateBytes = 0;
  for (const trade of trades) {
    legs += trade.legs.length;
    stateBytes += trade.state?.length ?? 0;
    const chunk = chunks.at(-1);
    if (
      chunk === undefined ||
      chunk.length >= tradesMax ||
      legs > legsPerRevisionMax ||
      stateBytes > lotBytesPerBatchMax
    ) {
      chunks.push([trade]);
      legs = trade.legs.length;
      stateBytes = trade.state?.length ?? 0;
    } else chunk.push(trade);
  }
  return chunks;
}

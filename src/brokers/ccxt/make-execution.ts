import { DecimalError, parseDecimal } from "../../executions/decimal.ts";
import type { Execution } from "../../executions/execution.ts";
import { externalIdOf } from "../../executions/identify.ts";
import { type Draft, NormaliseError, normalise } from "../../executions/normalise.ts";
import { failure } from "../broker-failure.ts";
import type { Exchange } from "./exchange.ts";
import type { Named } from "./markets.ts";

export type Parts = Omit<Draft, "market" | "symbol" | "id"> & Partial<Pick<Draft, "market" | "symbol">>;

/** A row as an execution; `id` is the venue's own. Whatever the row holds that cannot be read is an answer that nobody expected. */
export function makeExecution(
  { id: broker, title }: Pick<Exchange, "id" | "title">,
  { market, symbol, info }: Named,
  id: string,
  parts: () => Parts,
): Execution {
  try {
    const assets =
      info === undefined
        ? {}
        : {
            baseAsset: info.base,
            quoteAsset: info.quote,
            ...(info.settle === null ? {} : { settleAsset: info.settle }),
          };
    const size = info?.contractSize == null ? {} : { contractSize: parseDecimal(info.contractSize) };
    return normalise(
      { ...assets, ...size, ...parts(), market, symbol, id },
      externalIdOf({ broker, market, symbol }, id),
    );
  } catch (error) {
    if (!(error instanceof DecimalError || error instanceof NormaliseError)) throw error;
    const reason = error instanceof DecimalError ? `expected ${error.message}` : error.message;
    throw failure("broker_answer", `${title}'s ${market} entry ${symbol} ${id} cannot be read: ${reason}.`, {
      hint: `Report this with the entry as ${title} shows it.`,
    });
  }
}

/** Usage: bun scripts/show-trades.ts JOURNAL.sqlite — prints the trades of an embedded journal, those that closed first on top. */
import { openEmbeddedJournal } from "../src/journal/embedded.ts";
import type { StoredTrade } from "../src/journal/wire.ts";
import { systemClock } from "../src/operation/clock.ts";
import { renderTable } from "../src/operation/table.ts";

const tradesShownMax = 60;
const path = process.argv[2];
if (path === undefined) {
  process.stderr.write("Usage: bun scripts/show-trades.ts JOURNAL.sqlite\n");
  process.exit(64);
}

const journal = openEmbeddedJournal(path, { clock: systemClock });
const trades: StoredTrade[] = [];
for await (const user of journal.users()) {
  for await (const trade of journal.userTrades(user.user_id)) trades.push(trade);
}
trades.sort((a, b) => ((a.closed_at ?? "9") < (b.closed_at ?? "9") ? -1 : 1));
const right = (title: string) => ({ title, align: "right" as const });
process.stdout.write(
  renderTable(
    {
      columns: [
        { title: "account" },
        { title: "symbol" },
        { title: "direction" },
        right("quantity"),
        right("entry"),
        right("exit"),
        right("net PnL"),
        { title: "" },
        { title: "closed (UTC)" },
        { title: "flags" },
      ],
      rows: trades
        .slice(0, tradesShownMax)
        .map((trade) => [
          String(trade.account_id),
          trade.symbol,
          trade.direction,
          trade.quantity,
          shorter(trade.entry_price),
          shorter(trade.exit_price),
          shorter(trade.net_pnl),
          trade.pnl_currency,
          trade.closed_at?.slice(0, 16).replace("T", " ") ?? "open",
          trade.flags.join(" "),
        ]),
    },
    { columns: 160, color: false },
  ),
);
if (trades.length > tradesShownMax) process.stdout.write(`… and ${trades.length - tradesShownMax} more\n`);
journal.close();

/** For the eye alone: the journal has every digit. */
function shorter(decimal: string | null): string {
  return decimal === null ? "?" : decimal.replace(/(\.\d{8})\d+$/, "$1…");
}

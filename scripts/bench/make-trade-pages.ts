/**
 * Usage: bun scripts/bench/make-trade-pages.ts TRADES USERS FOLDER
 * Writes the platform's answers to `GET /users/{id}/trades` for invented users, a file a page of at most 1,000 trades: 50 symbols, two years,
 * 3 % exact breakevens. The same pages each time.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const [tradesText = "", usersText = "", folder = ""] = process.argv.slice(2);
const trades = Number(tradesText);
const users = Number(usersText);
if (!Number.isSafeInteger(trades / users) || users < 1 || folder === "") {
  process.stderr.write(
    "Usage: bun scripts/bench/make-trade-pages.ts TRADES USERS FOLDER (TRADES: a multiple of USERS)\n",
  );
  process.exit(64);
}

const pageTradesMax = 1_000;
const startMs = Date.UTC(2024, 0, 1);
const spanMs = 2 * 365 * 86_400_000;
const perUser = trades / users;
let seed = 42;
/** A linear congruential generator (Numerical Recipes): the pages are the same on every machine. */
function random(): number {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
  return seed / 4_294_967_296;
}

function trade(user: number, index: number): object {
  const id = user * perUser + index + 1;
  const symbol = `COIN${Math.floor(random() * 50)}USDT`;
  const openedAtMs = startMs + Math.floor(((index + random()) / perUser) * spanMs);
  const holdingMs = Math.floor(Math.exp(4 + random() * 7)) * 1_000;
  const net = random() < 0.03 ? "0.00000000" : (random() * 400 - 190).toFixed(8);
  const fees = (random() * 2).toFixed(8);
  return {
    trade_id: id,
    user_id: user + 1,
    account_id: user + 1,
    broker: "binance",
    external_id: `trade:binance:linear:${symbol}:${id}`,
    revision: 1,
    status: "closed",
    origin: "derived",
    market: "linear",
    symbol,
    base_asset: symbol.slice(0, -4),
    quote_asset: "USDT",
    direction: random() < 0.5 ? "long" : "short",
    quantity: "0.010",
    open_quantity: "0",
    contract_size: "1",
    entry_price: (100 + random() * 60_000).toFixed(2),
    exit_price: (100 + random() * 60_000).toFixed(2),
    gross_pnl: (Number(net) + Number(fees)).toFixed(8),
    fees,
    funding: "0",
    net_pnl: net,
    pnl_currency: "USDT",
    pnl_in_base_currency: net,
    base_currency: "USDT",
    opened_at: new Date(openedAtMs).toISOString(),
    closed_at: new Date(openedAtMs + holdingMs).toISOString(),
    duration_seconds: holdingMs / 1_000,
    initial_stop: null,
    take_profit: null,
    initial_risk: null,
    r_multiple: null,
    cost_basis_method: "fifo",
    execution_count: 3,
    flags: [],
  };
}

for (let user = 0; user < users; user++) {
  for (let start = 0, page = 0; start < perUser; start += pageTradesMax, page++) {
    const count = Math.min(pageTradesMax, perUser - start);
    const data = Array.from({ length: count }, (_, index) => trade(user, start + index));
    const body = { data, links: { next: null }, meta: { next_cursor: start + count < perUser ? `c${page}` : null } };
    writeFileSync(
      join(folder, `${String(user).padStart(5, "0")}-${String(page).padStart(4, "0")}.json`),
      JSON.stringify(body),
    );
  }
}

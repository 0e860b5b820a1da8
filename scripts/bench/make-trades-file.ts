/**
 * Usage: bun scripts/bench/make-trades-file.ts ROWS FILE [newest-first]
 * Writes a Binance USD-M trade history of an invented account: 20 symbols, a fill every few seconds, positions that open, grow, shrink, close
 * and flip. The same rows each time.
 */
import { createWriteStream } from "node:fs";

const [rowsText = "", path = "", order = ""] = process.argv.slice(2);
const rows = Number(rowsText);
if (!Number.isSafeInteger(rows) || rows < 1 || path === "") {
  process.stderr.write("Usage: bun scripts/bench/make-trades-file.ts ROWS FILE [newest-first]\n");
  process.exit(64);
}

const symbols = Array.from({ length: 20 }, (_, index) => ({
  name: `COIN${index}USDT`,
  price: 10 + index * 37,
  position: 0,
  lots: [] as { units: number; cents: number }[],
  id: 1_000_000,
}));
let seed = 42;
/** A linear congruential generator (Numerical Recipes): the file is the same on every machine. */
function random(): number {
  seed = (seed * 1_664_525 + 1_013_904_223) % 4_294_967_296;
  return seed / 4_294_967_296;
}

const startMs = Date.UTC(2024, 0, 1);
const stepMs = 45_000;

/** What the fill realises, first in first out, in 1/100,000 of the currency: thousandths of a coin times cents. Exact in a double. */
function bookFill(symbol: (typeof symbols)[number], signed: number, cents: number): number {
  const { lots } = symbol;
  const direction = Math.sign(symbol.position);
  let left = Math.abs(signed);
  let realized = 0;
  while (direction === -Math.sign(signed) && left > 0 && lots[0] !== undefined) {
    const [lot] = lots;
    const units = Math.min(left, lot.units);
    realized += units * (cents - lot.cents) * direction;
    left -= units;
    lot.units -= units;
    if (lot.units === 0) lots.shift();
  }
  symbol.position += signed;
  if (left > 0) lots.push({ units: left, cents });
  return realized;
}

function row(index: number): string {
  const symbol = symbols[Math.floor(random() * symbols.length)] ?? symbols[0];
  if (symbol === undefined) throw new Error("no symbols");
  symbol.price = Math.max(1, symbol.price * (1 + (random() - 0.5) / 500));
  const units = 1 + Math.floor(random() * 400);
  const closes = symbol.position !== 0 && random() < 0.6;
  const signed = closes
    ? -Math.sign(symbol.position) * (random() < 0.5 ? Math.abs(symbol.position) : units)
    : random() < 0.5
      ? units
      : -units;
  const price = symbol.price.toFixed(2);
  const realized = (bookFill(symbol, signed, Math.round(Number(price) * 100)) / 100_000).toFixed(8);
  symbol.id += 1 + Math.floor(random() * 9);
  const time = new Date(startMs + index * stepMs).toISOString().slice(2, 19).replace("T", " ");
  const quantity = (Math.abs(signed) / 1_000).toFixed(3);
  const amount = (Number(price) * Number(quantity)).toFixed(5);
  const fee = (Number(amount) * 0.0005).toFixed(8);
  const side = signed > 0 ? "BUY" : "SELL";
  return `100200300,${time},${symbol.name},${side},${price},${quantity},${amount},${fee} USDT,${realized},${signed > 0},${random() < 0.3},${symbol.id},${880_000_000_000 + index}\n`;
}

const header = "Uid,Time,Symbol,Side,Price,Quantity,Amount,Fee,Realized Profit,Buyer,Maker,Trade ID,Order ID\n";
const stream = createWriteStream(path);
const lines = Array.from({ length: rows }, (_, index) => row(index));
if (order === "newest-first") lines.reverse();
stream.write(header);
const linesAtOnce = 20_000;
for (let start = 0; start < lines.length; start += linesAtOnce) {
  if (!stream.write(lines.slice(start, start + linesAtOnce).join("")))
    await new Promise((resolve) => stream.once("drain", resolve));
}
stream.end();
await new Promise((resolve) => stream.once("finish", resolve));

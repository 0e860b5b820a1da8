/** Some 16 MB of pages and a few bodies. Rarer saves little time, and the heap grows to twice as much. */
const tradesPerCollection = 20_000;

/**
 * Pages and bodies are large and few, so that the engine sees little reason to collect them. To be told of the trades that were gone
 * through.
 */
export function makeCollector(): (trades: number) => void {
  let trades = 0;
  return (more) => {
    trades += more;
    if (trades < tradesPerCollection) return;
    trades = 0;
    Bun.gc(true);
  };
}

import { batchBytesMax, stateBytesMax } from "../../../journal/fields.ts";
import { equal, invalid, status } from "./expect.ts";
import type { Point } from "./point.ts";

/** Above what PHP takes unless told otherwise (post_max_size 8 MB). */
const tooLargeBytes = 9 * 1024 * 1024;

export const limitPoints: readonly Point[] = [
  {
    name: "batch-bytes",
    expects: "a batch just below 1,000,000 bytes gets through: no 413",
    async run({ post }) {
      invalid(await post({ padding: "x".repeat(batchBytesMax - 100) }), "executions");
    },
  },
  {
    name: "too-large",
    expects: "a body of 9 MB: 413, or the usual 422; never a 500 or a connection that breaks off",
    run: async ({ post }) => void status(await post({ padding: "x".repeat(tooLargeBytes) }), 413, 422),
  },
  {
    name: "state",
    expects: "a state of 65,535 bytes is stored whole (TEXT), in whatever script it is",
    async run(tools) {
      const state = `${"ß".repeat(Math.floor(stateBytesMax / 2))}x`;
      const open = { status: "open", open_quantity: "0.01000000", closed_at: null, duration_seconds: null } as const;
      const trade = tools.trade([], { ...open, exit_price: null, state });
      const answer = await tools.store({ trades: [trade] });
      const { items } = await tools.readAll(`${tools.path}/trades`, { symbol: tools.symbol, status: "open" });
      const stored = items.find(({ external_id }) => external_id === trade.external_id)?.state;
      equal(answer, "whether the state is stored whole", stored === state, true);
    },
  },
];

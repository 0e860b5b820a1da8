import type { AccountOptions, VenueAccount } from "./account.ts";
import type { VenueClock } from "./clock.ts";
import type { Fault, Faults } from "./faults.ts";
import type { FillRequest } from "./ledger-rows.ts";
import type { RequestLog } from "./request-log.ts";
import type { VenueAnswer, VenueRequest } from "./server.ts";
import { truthOf } from "./truth.ts";

/** What a test in another process can steer: a part of every venue. */
export interface Controlled {
  clock: VenueClock;
  log: RequestLog;
  faults: Faults;
  accounts: ReadonlyMap<string, VenueAccount>;
  addAccount: (options: AccountOptions) => VenueAccount;
  account: (id: string) => VenueAccount;
  setMaintenance: (on: boolean) => void;
  connections: () => number;
  /** What only this venue can; false: neither. */
  steer?: ((action: string, body: Body) => boolean) | undefined;
}

export type Body = Record<string, unknown>;

/**
 * `/_venue/…`, JSON in and out, never counted nor logged:
 * GET log, connections, accounts (with keys), truth?account=ID&untilMs=N&visible=1;
 * POST faults (a fault, without promises and patterns), faults/clear, log/clear, maintenance {on}, accounts (AccountOptions),
 * fills {account, fill: FillRequest}, permissions {account, …KeyPermissions}, clock {setMs | advanceMs | skewMs | run: true};
 * Binance also: delist {market, symbol, sinceMs}, candle-gaps {symbol, fromMs, untilMs}, settings (a part of BinanceSettings).
 */
export function controlOf(venue: Controlled, request: VenueRequest): VenueAnswer {
  const action = `${request.method} ${request.path.slice("/_venue/".length)}`;
  const query = new URLSearchParams(request.query);
  const body: Body = request.body === "" ? {} : JSON.parse(request.body);
  switch (action) {
    case "GET log":
      return ok(venue.log.entries);
    case "GET connections":
      return ok({ connections: venue.connections(), struck: venue.faults.struck(), nowMs: venue.clock.nowMs() });
    case "GET accounts":
      return ok([...venue.accounts.values()].map(describe));
    case "GET truth": {
      const untilMs = query.has("untilMs") ? Number(query.get("untilMs")) : Number.POSITIVE_INFINITY;
      return ok(truthOf(venue.account(query.get("account") ?? ""), { untilMs, visible: query.has("visible") }));
    }
    case "POST faults":
      // It is the test's own, and a wrong one strikes nothing: the test sees that.
      venue.faults.add(body as unknown as Fault);
      return ok({});
    case "POST faults/clear":
      venue.faults.clear();
      return ok({});
    case "POST log/clear":
      venue.log.clear();
      return ok({});
    case "POST maintenance":
      venue.setMaintenance(body.on === true);
      return ok({});
    case "POST accounts":
      return ok(describe(venue.addAccount(body as unknown as AccountOptions)));
    case "POST fills":
      return ok({ id: venue.account(String(body.account)).ledger.fill(body.fill as FillRequest).id });
    case "POST permissions": {
      const { account, ...permissions } = body;
      Object.assign(venue.account(String(account)).permissions, permissions);
      return ok({});
    }
    case "POST clock":
      moveClock(venue.clock, body);
      return ok({ nowMs: venue.clock.nowMs() });
    default:
      if (venue.steer?.(action.replace("POST ", ""), body) === true) return ok({});
      return { status: 404, body: { error: `the venue has no ${action}` } };
  }
}

function moveClock(clock: VenueClock, body: Body): void {
  if (typeof body.setMs === "number") clock.set(body.setMs);
  if (typeof body.advanceMs === "number") clock.advance(body.advanceMs);
  if (typeof body.skewMs === "number") clock.skew(body.skewMs);
  if (body.run === true) clock.run();
}

function describe({ id, uid, apiKey, apiSecret, passphrase }: VenueAccount): Body {
  return { id, uid, apiKey, apiSecret, passphrase };
}

function ok(body: unknown): VenueAnswer {
  return { status: 200, body };
}

import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import type { Context, Fetch } from "../../src/context.ts";
import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { type Checked, checkPlatform } from "../../src/workers/doctor/platform-check/check.ts";
import { areas } from "../../src/workers/doctor/platform-check/point.ts";
import { points } from "../../src/workers/doctor/platform-check/points.ts";
import { servePlatform } from "../contract/platform.ts";
import { fakeContext, reportedTrade } from "../journal/samples.ts";
import { ask, post } from "./ask.ts";
import { artisan, type Copy, describeLaravel, type Edit, type Laravel, reset, startCopy } from "./instance.ts";

// A hundred requests and more to a platform where PHP starts anew with each, on a machine that may be busy.
setDefaultTimeout(300_000);

/** An account for tests, of a user for tests, with a file that may be used up; and somebody else's. */
const seed = {
  users: [
    { user_id: 1, timezone: "Europe/Paris", base_currency: "USD" },
    { user_id: 2, timezone: "UTC", base_currency: "EUR" },
  ],
  accounts: [
    {
      account_id: 1,
      user_id: 1,
      broker: "csv",
      markets: ["spot"],
      credentials: { api_key: "k" },
      source: {
        kind: "file",
        files: [
          { file_id: 91, name: "platform-check.csv", text: "time,symbol\n" },
          { file_id: 92, name: "other.csv", text: "zeit,größe\n" },
        ],
      },
    },
    { account_id: 2, user_id: 2, broker: "binance", markets: ["spot"] },
  ],
};

/** The platform's clock is real, and the check compares it with its own. */
function realContext(): Context {
  const context = fakeContext({ fetch: fetch as Fetch });
  const clock = { ...context.clock, nowMs: Date.now, monotonicMs: performance.now.bind(performance) };
  return { ...context, clock, uuid: () => crypto.randomUUID() };
}

async function check({ url, key }: Pick<Laravel, "url" | "key">, limitedKey: string | null = null): Promise<Checked> {
  return await checkPlatform({ url, key, limitedKey, exhaustRateLimit: false }, "1", realContext());
}

const wrongOf = ({ findings }: Checked): Record<string, string> =>
  Object.fromEntries(
    findings
      .filter(({ status }) => status === "wrong")
      .map(({ area, name, found }) => [`${area}/${name}`, found ?? ""]),
  );

interface Fault {
  name: string;
  edits: readonly Edit[];
  /** The points that must name it, with what they say. */
  named: Readonly<Record<string, RegExp>>;
  /** What depends on which of several requests comes first. */
  mayName?: readonly string[];
}

/** Each in a copy with others that do not touch its points: starting one takes its time. */
const copies: readonly (readonly Fault[])[] = [
  [
    {
      name: "200 where 201 is right",
      edits: [["app/Http/Controllers/CycleController.php", "$created ? 201 : 200", "200"]],
      named: { "reports/once": /POST \/cycles: 200, not 201/, "reports/statistics-worker": /200, not 201/ },
    },
    {
      name: "a cursor on a datetime",
      edits: [
        ["app/Http/Requests/PageRequest.php", ", new PageCursor()]", "]"],
        [
          "app/Http/Requests/PageRequest.php",
          "$query->orderBy($key)",
          "$query->orderBy($query->getModel() instanceof \\App\\Models\\Execution ? 'executed_at' : $key)",
        ],
        ["app/Models/Execution.php", "'executed_at' => UtcTimestamp::class", "'executed_at' => 'datetime'"],
      ],
      named: { "lists/execution-pages": /GET .*\/executions.*(second time|no end|missing|order)/ },
    },
    {
      name: "nothing replayed",
      edits: [
        [
          "app/Http/Middleware/ReplayByIdempotencyKey.php",
          "return $this->stored($slot, $fingerprint) ?? $this->answered",
          "return $this->answered",
        ],
      ],
      named: {
        "idempotency/replay": /the answer to the repeat/,
        "idempotency/quoted-key": /Idempotency-Replayed is null/,
        "idempotency/other-body": /200, not 422/,
        "idempotency/race": /created is 0, not 1/,
      },
    },
    {
      name: "statistics of an older version taken",
      edits: [["app/Actions/ReplaceStatistics.php", "$stored->based_on_version > $envelope", "0 > $envelope"]],
      named: { "statistics/stale-conflict": /PUT .*\/statistics: 200, not 409/ },
    },
    {
      name: "a route without its ability",
      edits: [
        [
          "routes/internal.php",
          "[UserController::class, 'trades'])->middleware('ability:trades:read')",
          "[UserController::class, 'trades'])",
        ],
      ],
      named: { "abilities/user-trades": /GET \/users\/1\/trades: 200, not 403/ },
    },
    {
      name: "an account that the broker refused is still listed",
      edits: [["app/Http/Requests/ListAccountsRequest.php", "'auth_failed'", "'never'"]],
      named: { "status/auth-failed": /whether GET \/accounts still has the account is true/ },
    },
    {
      name: "duplicates raise the version of the trades",
      edits: [["app/Actions/StoreBatch.php", "if ($result->changedTrades())", "if ($batch->trades !== [])"]],
      named: { "revisions/version": /trades_version after a duplicate/ },
    },
    {
      name: "no request id",
      edits: [["app/Http/Kernel.php", "        EchoRequestId::class,\n", ""]],
      named: { "connection/request-id": /X-Request-Id is null/ },
    },
  ],
  [
    {
      name: "amounts as floats",
      edits: [
        [
          "app/Http/Resources/ExecutionResource.php",
          "return $this->resource->only(Execution::FIELDS);",
          "$f = $this->resource->only(Execution::FIELDS); $f['quantity'] = $f['quantity'] === null ? null : (float) $f['quantity']; return $f;",
        ],
      ],
      named: {
        "lists/execution": /quantity must be .*decimal/,
        "lists/decimals": /quantity is 1\.2345.*a JSON number, not the text "123456789/,
      },
    },
    {
      name: "a batch that is not atomic",
      edits: [
        [
          "app/Actions/StoreBatch.php",
          "            if ($batch->checkpoint !== null) {\n                $locked->moveCheckpoint($batch->checkpoint, $batch->expectedCheckpointVersion);\n            }\n",
          "",
        ],
        [
          "app/Actions/StoreBatch.php",
          "            $locked->save();\n",
          "            try {\n                if ($batch->checkpoint !== null) {\n                    $locked->moveCheckpoint($batch->checkpoint, $batch->expectedCheckpointVersion);\n                }\n            } catch (Conflict $conflict) {\n                DB::commit();\n                throw $conflict;\n            }\n            $locked->save();\n",
        ],
      ],
      named: { "checkpoints/atomic": /what was stored of it is \{"executions":1,"trades":1,/ },
    },
    {
      name: "times without milliseconds",
      edits: [
        [
          "app/Support/UtcTime.php",
          "'T' . substr($stored, 11, 8) . '.' . $digits . 'Z'",
          "'T' . substr($stored, 11, 8) . 'Z'",
        ],
      ],
      named: {
        "lists/times": /executed_at is "2026-02-28T23:59:59Z", not "2026-02-28T23:59:59.987Z"/,
        "lists/trade": /opened_at is "2026-02-28T08:00:00Z"/,
        "lists/user-trade": /opened_at is "2026-02-28T08:00:00Z"/,
        "status/stored": /data\.last_import_at is/,
        "statistics/stored": /statistics\.computed_at in GET \/users is/,
      },
    },
    {
      name: "a lower revision taken",
      edits: [
        [
          "app/Actions/StoreBatch.php",
          "$known->revision >= $item['revision']",
          "$known->revision === $item['revision']",
        ],
      ],
      named: { "revisions/not-higher": /data\.trades is .*"updated":1/ },
      mayName: ["revisions/race"],
    },
    {
      name: "a file that stays listed",
      edits: [["app/Models/Account.php", "$this->uploads()->whereNull('status')", "$this->uploads()"]],
      named: { "files/result": /whether the file is still listed is true/ },
    },
    {
      name: "errors without the item's number",
      edits: [
        [
          "app/Actions/BatchResult.php",
          "        $this->errors += $errors;\n    }\n\n    /** @param string $status",
          "        $this->errors += ['executions' => ['Invalid.']];\n    }\n\n    /** @param string $status",
        ],
      ],
      named: {
        "batches/invalid-item": /whose `errors` name executions, not executions\.1\.symbol/,
        "batches/number-for-text": /not executions\.1\.quantity/,
        "batches/twice-in-one": /not executions\.1\.external_id/,
      },
    },
    {
      name: "withdrawn trades in the lists",
      edits: [["app/Models/Trade.php", "$query->where('trades.status', '<>', 'void');", ""]],
      named: { "revisions/void": /whether GET .*\/trades has the void trade is true/ },
    },
  ],
  [
    {
      name: "no checkpoint conflict",
      edits: [["app/Models/Account.php", "if ($expectedVersion !== $this->checkpoint_version) {", "if (false) {"]],
      named: {
        "checkpoints/conflict": /POST \/accounts\/1\/trades: 200, not 409/,
        "checkpoints/atomic": /200, not 409/,
        "checkpoints/import-status": /PATCH .*import-status: 200, not 409/,
        "checkpoints/race": /answered with 200 and 200/,
        "checkpoints/key-stays-free": /200, not 409/,
      },
    },
    {
      name: "a conflict of credentials overlooked",
      edits: [
        [
          "app/Actions/ReportImportStatus.php",
          "if ($report['credentials_version'] !== $locked->credentials_version) {",
          "if (false) {",
        ],
      ],
      named: { "status/credentials-conflict": /PATCH .*: 200, not 409/ },
    },
    {
      name: "another content of a stored execution overlooked",
      edits: [["app/Actions/StoreBatch.php", "$known[$externalId] !== $item['content_hash']", "false"]],
      named: { "batches/differs": /data\.results\.executions\.0 is .*"differs":false/ },
    },
    {
      name: "a page size without a limit",
      edits: [["app/Http/Requests/PageRequest.php", "'between:1,' . static::PER_PAGE_MAX", "'min:1'"]],
      named: { "accounts/per-page": /per_page=501: 200/, "lists/invalid-query": /per_page=1001: 200/ },
    },
    {
      name: "credentials in the answer to a report",
      edits: [
        [
          "app/Http/Controllers/AccountController.php",
          "return new AccountResource(",
          "return new ImportableAccountResource(",
        ],
      ],
      named: { "status/stored": /data\.credentials is "/ },
    },
    {
      name: "a state that is cut",
      edits: [
        [
          "app/Http/Resources/AccountTradeResource.php",
          "$this->resource->state]",
          "$this->resource->state === null ? null : mb_substr($this->resource->state, 0, 255)]",
        ],
      ],
      named: { "limits/state": /whether the state is stored whole is false/ },
    },
    {
      name: "failures kept under their key",
      edits: [["app/Http/Middleware/ReplayByIdempotencyKey.php", "if ($response->isSuccessful())", "if (true)"]],
      named: { "idempotency/failures-are-not-kept": /422 .*, not 200/ },
    },
  ],
];

let copy: Copy | null = null;
afterEach(async () => {
  await copy?.stop();
  copy = null;
});

async function startWith(faults: readonly Fault[]): Promise<Laravel> {
  copy = await startCopy(faults.flatMap(({ edits }) => edits));
  await reset(copy.platform, seed);
  return copy.platform;
}

async function limitedKeyOf(platform: Laravel): Promise<string> {
  return (await artisan(platform, ["worker-keys:make", "limited", "--ability=accounts:read"])).trim();
}

describeLaravel("doctor --platform-check", (platform) => {
  test("finds nothing wrong with the reference platform, and leaves no trade behind", async () => {
    await reset(platform, seed);
    const limitedKey = await limitedKeyOf(platform);
    const first = await check(platform, limitedKey);
    expect([wrongOf(first), first.left]).toEqual([{}, null]);
    const untested = first.findings.filter(({ status }) => status === "untested").map(({ name }) => name);
    expect(untested).toEqual(["list-accounts", "exhausted"]);
    expect(first.findings).toHaveLength(areas.reduce((count, area) => count + points[area].length, 0));
    expect((await ask(platform, "/users/1/trades")).body).toMatchObject({ data: [] });
    expect((await ask(platform, "/accounts/2/executions")).body).toMatchObject({ data: [] });
    const account = (await ask(platform, "/accounts?user_id=1")).body;
    expect(account).toMatchObject({ data: [{ import_status: "ok", last_error: null }] });
  });

  test("refuses an account that has a person's trades, before it writes anything", async () => {
    await reset(platform, seed);
    await ask(platform, "/accounts/1/trades", post({ trades: [reportedTrade(1)] }));
    await expect(check(platform)).rejects.toThrow("it is no account for tests");
    expect((await ask(platform, "/accounts/1/executions")).body).toMatchObject({ data: [] });
  });

  test.each(copies.map((faults) => [faults.map(({ name }) => name).join("; "), faults] as const))(
    "names %s",
    async (_names, faults) => {
      const faulty = await startWith(faults);
      const checked = await check(faulty, await limitedKeyOf(faulty));
      const wrong = wrongOf(checked);
      for (const { name, named } of faults) {
        for (const [point, says] of Object.entries(named)) {
          expect(`${name}: ${point}: ${wrong[point] ?? "is right"}`).toMatch(says);
        }
      }
      const all = new Set(faults.flatMap(({ named, mayName = [] }) => [...Object.keys(named), ...mayName]));
      expect(Object.entries(wrong).filter(([point]) => !all.has(point))).toEqual([]);
    },
  );
});

describe("doctor --platform-check of the development platform", () => {
  test("finds nothing wrong, again and again, and says nothing that is not by the contract", async () => {
    const journal = openEmbeddedJournal(":memory:", { clock: { nowMs: Date.now } });
    await journal.seed(seed);
    const served = servePlatform({ journal, key: "a-key-for-tests", ratePerMinute: 100_000 }, { onPurpose: true });
    try {
      for (const _time of ["first", "again"]) {
        expect(wrongOf(await check({ url: served.url, key: "a-key-for-tests" }))).toEqual({});
      }
    } finally {
      await served.stop();
      journal.close();
    }
  });
});

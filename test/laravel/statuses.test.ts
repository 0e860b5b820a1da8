import { Database } from "bun:sqlite";
import { beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { bought, cycleReport, executionOf, fileResult, seed, statisticsOf } from "../journal/samples.ts";
import { type Asked, ask, errorKeys, post } from "./ask.ts";
import { artisan, describeLaravel, reset } from "./instance.ts";

setDefaultTimeout(60_000);

describeLaravel("fixtures/laravel answers", (platform) => {
  beforeEach(async () => await reset(platform, seed));

  describe("a request id", () => {
    const requestId = "01JDK7Q2Z8F3M5N6P7R8S9T0V1";

    test.each<[string, string, Asked]>([
      ["200", "/ping", {}],
      ["401", "/ping", { headers: { Authorization: null } }],
      ["404", "/nothing", {}],
      ["405", "/ping", { method: "DELETE" }],
      ["422", "/accounts?per_page=0", {}],
    ])("comes back with a %s", async (status, path, asked) => {
      const headers = { ...asked.headers, "X-Request-Id": requestId };
      const answer = await ask(platform, path, { ...asked, headers });
      expect([answer.status, answer.headers.get("x-request-id")]).toEqual([Number(status), requestId]);
    });

    test.each([
      ["none", null],
      ["one that is too short", "short"],
      ["one with characters that logs may not get", 'say "hello" to the log'],
    ])("is made for %s", async (_name, given) => {
      const { headers } = await ask(platform, "/ping", { headers: { "X-Request-Id": given } });
      expect(headers.get("x-request-id")).toMatch(
        /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
      );
    });
  });

  describe("a key", () => {
    test("that is missing, unknown or revoked is a 401 without rate limit headers", async () => {
      const made = (await artisan(platform, ["worker-keys:make", "to-be-revoked"])).trim();
      const withKey = (key: string): Asked => ({ headers: { Authorization: `Bearer ${key}` } });
      expect((await ask(platform, "/ping", withKey(made))).status).toBe(200);
      await artisan(platform, ["worker-keys:revoke", "to-be-revoked"]);
      for (const asked of [withKey(made), withKey("unknown"), { headers: { Authorization: null } }]) {
        const { status, body, headers } = await ask(platform, "/ping", asked);
        expect([status, body, headers.get("x-ratelimit-limit")]).toEqual([401, { message: "Unauthenticated." }, null]);
      }
    });

    test("is stored as its SHA-256 alone", async () => {
      const made = (await artisan(platform, ["worker-keys:make", "to-be-hashed"])).trim();
      expect(made.length).toBeGreaterThanOrEqual(43); // 256 random bits as text
      const database = new Database(join(platform.folder, "database.sqlite"), { readonly: true });
      const row = database.query("SELECT * FROM worker_keys WHERE name = 'to-be-hashed'").get() as Record<
        string,
        unknown
      >;
      database.close();
      expect(row.key_hash).toBe(createHash("sha256").update(made).digest("hex"));
      expect(JSON.stringify(row)).not.toContain(made);
    });
  });

  describe("an ability", () => {
    const needs: [string, string, Asked][] = [
      ["accounts:read", "/accounts", {}],
      ["accounts:write", "/accounts/1/import-status", { method: "PATCH", body: {} }],
      ["trades:read", "/accounts/1/trades", {}],
      ["trades:read", "/accounts/1/executions", {}],
      ["trades:read", "/users", {}],
      ["trades:read", "/users/1/trades", {}],
      ["trades:write", "/accounts/1/trades", post({ executions: [bought] })],
      ["trades:write", "/accounts/3/files/91/result", { body: fileResult }],
      ["statistics:write", "/users/1/statistics", { method: "PUT", body: statisticsOf(0) }],
      ["reports:write", "/cycles", { body: cycleReport }],
    ];
    const keys = new Map<string, string>();

    beforeAll(async () => {
      for (const ability of new Set(needs.map(([name]) => name))) {
        keys.set(ability, (await artisan(platform, ["worker-keys:make", ability, `--ability=${ability}`])).trim());
      }
    });

    test.each(needs)("%s is all that %s needs, and no other does", async (ability, path, asked) => {
      for (const [held, key] of keys) {
        const headers = { ...asked.headers, Authorization: `Bearer ${key}` };
        const { status, body } = await ask(platform, path, { ...asked, headers });
        if (held === ability) expect([200, 201, 422]).toContain(status);
        else
          expect([status, body]).toEqual([
            403,
            expect.objectContaining({ message: `This API key lacks the ${ability} ability.` }),
          ]);
      }
    });

    test("is looked at before the account: a 403 says nothing about what there is", async () => {
      const headers = { Authorization: `Bearer ${keys.get("reports:write")}` };
      expect((await ask(platform, "/accounts/999/trades", { headers })).status).toBe(403);
    });

    test("is not needed for the ping, which shows them", async () => {
      const { body } = await ask(platform, "/ping", {
        headers: { Authorization: `Bearer ${keys.get("trades:read")}` },
      });
      expect(body).toMatchObject({ data: { key: { name: "trades:read", abilities: ["trades:read"] } } });
    });
  });

  describe("in Laravel's way", () => {
    /** Its text changes with Laravel's version, and is empty here and there. */
    const message = expect.any(String);

    test("a 404 of a route and of a model", async () => {
      expect(await ask(platform, "/nothing")).toMatchObject({ status: 404, body: { message } });
      expect(await ask(platform, "/accounts/999/trades")).toMatchObject({
        status: 404,
        body: { message: "No query results for model [App\\Models\\Account] 999" },
      });
      expect((await ask(platform, "/accounts/acc_1/trades")).status).toBe(404);
      expect((await ask(platform, "/accounts/99999999999999999999/trades")).status).toBe(404);
    });

    test("a 405, with what is allowed", async () => {
      const { status, headers } = await ask(platform, "/ping", { method: "DELETE" });
      expect([status, headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    });

    test("errors in JSON, also for who does not ask for it", async () => {
      const asked = { headers: { Accept: "text/html", Authorization: null } };
      expect(await ask(platform, "/ping", asked)).toMatchObject({ status: 401, body: { message: "Unauthenticated." } });
    });

    test("a 413 for more than PHP takes", async () => {
      const answer = await ask(platform, "/users/1/statistics", { method: "PUT", body: `"${"x".repeat(9_000_000)}"` });
      expect(answer).toMatchObject({ status: 413, body: { message } });
    });

    test.each<[string, unknown, Record<string, string>]>([
      ["no content type", { executions: [bought] }, { "Content-Type": "text/plain" }],
      [
        "a compressed body",
        { executions: [bought] },
        { "Content-Encoding": "gzip", "Content-Type": "application/octet-stream" },
      ],
      ["half a body", '{"executions": [', {}],
      ["a list for a body", [1, 2], {}],
    ])("no fields in %s: a 422", async (_name, body, headers) => {
      const asked = post(body);
      const answer = await ask(platform, "/accounts/1/trades", { ...asked, headers: { ...asked.headers, ...headers } });
      expect([answer.status, errorKeys(answer)]).toEqual([422, ["executions", "trades"]]);
    });

    test("what a test asks to go wrong", async () => {
      expect(await ask(platform, "/testing/page-expired/ping")).toMatchObject({
        status: 419,
        body: { message: "CSRF token mismatch." },
      });
      expect(await ask(platform, "/testing/error/accounts", { body: {} })).toMatchObject({
        status: 500,
        body: { message: "Server Error" },
      });
      expect(await ask(platform, "/testing/slow?seconds=0")).toMatchObject({ status: 200, body: { data: [] } });
    });

    test("a 503 while it is down, before it looks at any key", async () => {
      await artisan(platform, ["down", "--retry=60"]);
      try {
        for (const Authorization of [`Bearer ${platform.key}`, null]) {
          const { status, body, headers } = await ask(platform, "/ping", { headers: { Authorization } });
          expect([status, body, headers.get("retry-after")]).toEqual([503, { message: "Service Unavailable" }, "60"]);
          expect(headers.get("x-request-id")).not.toBeNull();
        }
      } finally {
        await artisan(platform, ["up"]);
      }
      expect((await ask(platform, "/ping")).status).toBe(200);
    });
  });

  describe("a failure in the middle of a batch", () => {
    const body = {
      executions: [bought, executionOf(1)],
      trades: [],
      checkpoint: { v: 1, state: "after" },
      expected_checkpoint_version: 0,
    };

    function inDatabase(work: (database: Database) => void): void {
      const database = new Database(join(platform.folder, "database.sqlite"));
      database.run("PRAGMA busy_timeout = 5000");
      work(database);
      database.close();
    }

    test("leaves nothing of it, and its key unused", async () => {
      inDatabase((database) => {
        database.run(
          "CREATE TRIGGER broken BEFORE UPDATE OF checkpoint ON accounts BEGIN SELECT RAISE(ABORT, 'broken'); END",
        );
      });
      try {
        expect((await ask(platform, "/accounts/1/trades", post(body, "the-first-attempt"))).status).toBe(500);
        expect(await ask(platform, "/accounts/1/executions")).toMatchObject({ body: { data: [] } });
      } finally {
        inDatabase((database) => database.run("DROP TRIGGER broken"));
      }
      expect(await ask(platform, "/accounts/1/trades", post(body, "the-first-attempt"))).toMatchObject({
        status: 200,
        body: { data: { checkpoint_version: 1, executions: { created: 2 } } },
      });
    });
  });
});

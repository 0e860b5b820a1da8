import { beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { executionOf, reportedTrade, seed } from "../journal/samples.ts";
import { ask, at, errorKeys, post, textAt } from "./ask.ts";
import { artisan, describeLaravel, readCredentials, reset } from "./instance.ts";

setDefaultTimeout(60_000);

describeLaravel("fixtures/laravel lists", (platform) => {
  beforeEach(async () => await reset(platform, seed));

  describe("a page", () => {
    /** Seven of one millisecond: Laravel's own cursors on such a column repeat a page for ever. */
    const executions = Array.from({ length: 7 }, (_, index) => executionOf(index));

    test("has its cursor in meta and in the link, the other parameters with it", async () => {
      await ask(platform, "/accounts/1/trades", post({ executions }));
      const seen: unknown[] = [];
      let query = "?per_page=3&symbol=BTCUSDT";
      for (const last of [false, false, true]) {
        const { body } = await ask(platform, `/accounts/1/executions${query}`);
        for (const item of at(body, "data") as unknown[]) seen.push(at(item, "external_id"));
        expect(Number(at(body, "meta", "per_page"))).toBe(3);
        if (last) expect([at(body, "links", "next"), at(body, "meta", "next_cursor")]).toEqual([null, null]);
        else {
          const next = new URL(textAt(body, "links", "next"));
          expect(next.searchParams.get("cursor")).toBe(textAt(body, "meta", "next_cursor"));
          expect([next.searchParams.get("symbol"), next.searchParams.get("per_page")]).toEqual(["BTCUSDT", "3"]);
          query = next.search;
        }
      }
      expect(seen).toEqual(executions.map(({ external_id }) => external_id));
    });

    test.each([
      ["/accounts", 500],
      ["/accounts/1/trades", 100],
      ["/accounts/1/executions", 1000],
      ["/users", 500],
      ["/users/1/trades", 1000],
    ])("of %s holds at most %i items", async (path, most) => {
      expect((await ask(platform, `${path}?per_page=${most}`)).status).toBe(200);
      for (const perPage of [0, most + 1, "ten"]) {
        const answer = await ask(platform, `${path}?per_page=${perPage}`);
        expect([answer.status, errorKeys(answer)]).toEqual([422, ["per_page"]]);
      }
    });

    test.each([
      ["no base64", "%%%"],
      ["no JSON", btoa("garbage")],
      ["another order", btoa('{"executed_at":"2026-03-01","_pointsToNextItems":true}')],
      ["an id that is none", btoa('{"id":["1"],"_pointsToNextItems":true}')],
    ])("after a cursor of %s is refused, not taken for the first", async (_name, cursor) => {
      const answer = await ask(platform, `/accounts?cursor=${encodeURIComponent(cursor)}`);
      expect([answer.status, errorKeys(answer)]).toEqual([422, ["cursor"]]);
    });

    test.each([
      ["/accounts?include=some", "include"],
      ["/accounts?user_id=a%20b", "user_id"],
      ["/accounts/1/trades?status=done", "status"],
      ["/accounts/1/trades?market=swap", "market"],
      ["/accounts/1/executions?executed_since=yesterday", "executed_since"],
      ["/users?stale=yes", "stale"],
      ["/users?changed_since=2026-03-01", "changed_since"],
      ["/users/1/trades?closed_before=2026-02-30T00:00:00Z", "closed_before"],
      ["/users/1/trades?account_id[]=1", "account_id"],
    ])("%s is invalid", async (path, key) => {
      const answer = await ask(platform, path);
      expect([answer.status, errorKeys(answer)]).toEqual([422, [key]]);
    });
  });

  describe("identifiers of text", () => {
    const texts = {
      users: [{ ...seed.users[0], user_id: "usr_4" }],
      accounts: [
        { ...seed.accounts[2], account_id: "acc_4", user_id: "usr_4" },
        { ...seed.accounts[0], account_id: "acc_5", user_id: "usr_4" },
      ],
    };

    test("are shown, taken in paths, queries and bodies, and never a number", async () => {
      await reset(
        platform,
        JSON.parse(JSON.stringify(texts).replaceAll("91", '"fil_91"').replaceAll("92", '"fil_92"')),
      );
      const accounts = await ask(platform, "/accounts?user_id=usr_4");
      expect(accounts.body).toMatchObject({
        data: [
          { account_id: "acc_4", user_id: "usr_4", source: { files: [{ file_id: "fil_91" }, { file_id: "fil_92" }] } },
          { account_id: "acc_5", user_id: "usr_4" },
        ],
      });
      const stored = await ask(platform, "/accounts/acc_5/trades", post({ trades: [reportedTrade(1)] }));
      expect(stored.body).toMatchObject({ data: { account_id: "acc_5", trades: { created: 1 } } });
      expect((await ask(platform, "/users/usr_4/trades?account_id=acc_5")).body).toMatchObject({
        data: [{ account_id: "acc_5", user_id: "usr_4", trade_id: 1 }],
      });
      expect((await ask(platform, "/users/usr_4/trades?account_id=acc_4")).body).toMatchObject({ data: [] });
      expect((await ask(platform, "/users")).body).toMatchObject({ data: [{ user_id: "usr_4" }] });
      expect((await ask(platform, "/accounts/1/trades")).status).toBe(404);
    });
  });

  describe("credentials", () => {
    const accountTwo = async (): Promise<unknown> => {
      const { body } = await ask(platform, "/accounts?include=all&broker=bybit");
      return at(body, "data", 0);
    };

    test("are encrypted with the workers' key, each time anew", async () => {
      const first = textAt(await accountTwo(), "credentials");
      expect(readCredentials(first, platform.credentialsKey)).toEqual({ api_key: "k", api_secret: "s" });
      await reset(platform, seed);
      expect(textAt(await accountTwo(), "credentials")).not.toBe(first);
    });

    test("that the user enters anew raise their version and put a refused account back", async () => {
      const report = { import_status: "auth_failed", observed_at: "2026-03-01T10:00:00.123Z", credentials_version: 1 };
      const path = "/accounts/2/import-status";
      const patched = await ask(platform, path, { method: "PATCH", body: report });
      expect(patched).toMatchObject({ status: 200, body: { data: { import_status: "auth_failed" } } });
      expect(at(patched.body, "data")).not.toHaveProperty("credentials");
      await artisan(platform, ["accounts:credentials", "2"], '{"api_key":"new","api_secret":"sécret"}');
      const account = await accountTwo();
      expect(account).toMatchObject({ import_status: "ok", credentials_version: 2 });
      expect(readCredentials(textAt(account, "credentials"), platform.credentialsKey)).toEqual({
        api_key: "new",
        api_secret: "sécret",
      });
      // The late report about the old ones.
      expect(await ask(platform, path, { method: "PATCH", body: report })).toMatchObject({
        status: 409,
        body: { code: "credentials_conflict", data: { credentials_version: 2 } },
      });
      expect(await accountTwo()).toMatchObject({ import_status: "ok" });
    });
  });

  describe("an upload", () => {
    const links = async (): Promise<string[]> => {
      const { body } = await ask(platform, "/accounts?broker=csv");
      return [
        textAt(body, "data", 0, "source", "files", 0, "url"),
        textAt(body, "data", 0, "source", "files", 1, "url"),
      ];
    };
    const get = (url: string) => ask(platform, url, { headers: { Authorization: null } });

    test("is read with its link alone", async () => {
      const [first = "", second = ""] = await links();
      const answer = await get(first);
      expect([answer.status, answer.body, answer.headers.get("content-length")]).toEqual([200, "time,symbol\n", "12"]);
      expect((await get(second)).body).toBe("zeit,größe\n");
    });

    test("is not read with another one's link, a later hour or no signature", async () => {
      const [first = "", second = ""] = await links();
      const { search } = new URL(second);
      expect(await get(first.replace(/\?.*/, search))).toMatchObject({
        status: 403,
        body: { message: "Invalid signature." },
      });
      expect((await get(first.replace(/expires=\d+/, "expires=4102444800"))).status).toBe(403);
      expect((await get(first.replace(/\?.*/, ""))).status).toBe(403);
    });
  });
});

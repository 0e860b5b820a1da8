import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { bought, executionOf, seed } from "../journal/samples.ts";
import { ask, at, errorKeys, post, textAt } from "./ask.ts";
import {
  artisan,
  describeLaravel,
  type Laravel,
  readCredentials,
  reset,
  startLaravel,
  stopLaravel,
} from "./instance.ts";

setDefaultTimeout(60_000);

/** One with low limits, links that have expired, and credentials in AES-256-GCM. */
describeLaravel("fixtures/laravel with other settings", () => {
  let platform: Laravel;
  beforeAll(async () => {
    platform = await startLaravel({
      INTERNAL_API_RATE: "5",
      INTERNAL_API_MAX_BATCH: "2",
      INTERNAL_API_MAX_BATCH_BYTES: "3000",
      INTERNAL_API_DOWNLOAD_MINUTES: "-1",
      WORKER_CREDENTIALS_CIPHER: "AES-256-GCM",
    });
  });
  afterAll(async () => await stopLaravel(platform));
  beforeEach(async () => await reset(platform, seed));

  describe("limits", () => {
    test("the requests of a key in a minute, and says when to come back", async () => {
      for (const remaining of [4, 3, 2, 1, 0]) {
        const { status, headers } = await ask(platform, "/ping");
        expect([status, headers.get("x-ratelimit-limit"), headers.get("x-ratelimit-remaining")]).toEqual([
          200,
          "5",
          `${remaining}`,
        ]);
      }
      const { status, body, headers } = await ask(platform, "/accounts");
      expect([status, body]).toMatchObject([429, { message: "Too Many Attempts." }]);
      expect(headers.get("x-ratelimit-remaining")).toBe("0");
      const waitSeconds = Number(headers.get("retry-after"));
      expect(waitSeconds).toBeGreaterThan(0);
      expect(waitSeconds).toBeLessThanOrEqual(60);
      const resetSeconds = Number(headers.get("x-ratelimit-reset"));
      expect(Math.abs(resetSeconds - waitSeconds - Date.now() / 1000)).toBeLessThan(30);
      const other = (await artisan(platform, ["worker-keys:make", "worker-2"])).trim();
      expect((await ask(platform, "/ping", { headers: { Authorization: `Bearer ${other}` } })).status).toBe(200);
    });

    test("the items and the bytes of a batch", async () => {
      expect((await ask(platform, "/ping")).body).toMatchObject({
        data: { limits: { max_batch: 2, rate_per_minute: 5 } },
      });
      const many = await ask(
        platform,
        "/accounts/1/trades",
        post({ executions: [bought, executionOf(1), executionOf(2)] }),
      );
      expect([many.status, errorKeys(many)]).toEqual([422, ["executions"]]);
      const large = post({
        executions: [bought],
        checkpoint: { state: "x".repeat(3000) },
        expected_checkpoint_version: 0,
      });
      expect((await ask(platform, "/accounts/1/trades", large)).status).toBe(413);
      expect((await ask(platform, "/accounts/1/trades", post({ executions: [bought] }))).status).toBe(200);
    });
  });

  test("a link is of no use once it expired", async () => {
    const { body } = await ask(platform, "/accounts?broker=csv");
    const url = textAt(body, "data", 0, "source", "files", 0, "url");
    expect((await ask(platform, url, { headers: { Authorization: null } })).status).toBe(403);
  });

  test("credentials are read with the new key once they were encrypted with it, and stay the same version", async () => {
    const stored = async (): Promise<unknown> => at((await ask(platform, "/accounts?broker=bybit")).body, "data", 0);
    const before = textAt(await stored(), "credentials");
    expect(JSON.parse(atob(before))).toMatchObject({ mac: "", tag: expect.stringMatching(/^.{24}$/) });
    const newKey = `base64:${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`;
    // As a team does it: the new one first, the old one behind it.
    appendFileSync(
      join(platform.folder, "environment"),
      `export WORKER_CREDENTIALS_KEY=${newKey},${platform.credentialsKey}\n`,
    );
    await artisan(platform, ["accounts:encrypt-credentials"]);
    const account = await stored();
    const after = textAt(account, "credentials");
    expect(readCredentials(after, newKey)).toEqual({ api_key: "k", api_secret: "s" });
    expect(() => readCredentials(after, platform.credentialsKey)).toThrow();
    expect(account).toMatchObject({ credentials_version: 1 });
  });
});

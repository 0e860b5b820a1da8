import { accountShape, type Id, pageShape, userShape } from "../../../journal/wire.ts";
import { at, equal, invalid, refusal, shaped, shown, status } from "./expect.ts";
import { type Point, Untested, Wrong } from "./point.ts";

/** Pages of one that are read of a list that can be long. */
const pagesOfOneMax = 30;

/** No platform has it, and it has the form of this one's identifiers. */
export function nobody(id: Id): string {
  return typeof id === "number" ? "9007199254740991" : "platform-check-nobody";
}

export const accountPoints: readonly Point[] = [
  {
    name: "list",
    expects: "GET /accounts: 200 with data, links and meta; each account with the fields and types of the contract",
    async run({ readAll }) {
      const { items, answer } = await readAll("/accounts", { include: "all" });
      shaped(answer, pageShape, answer.json, "the body");
      for (const [index, item] of items.entries()) shaped(answer, accountShape, item, `data[${index}]`);
      const ids = items.map(({ account_id }) => String(account_id));
      if (new Set(ids).size < ids.length) throw new Wrong(`${answer.request}: an account comes more than once`);
    },
  },
  {
    name: "user-filter",
    expects: "GET /accounts?user_id=: the accounts of that user, and no others",
    async run({ readAll, account }) {
      const { items, answer } = await readAll("/accounts", { include: "all", user_id: String(account.user_id) });
      const others = items.filter(({ user_id }) => user_id !== account.user_id).map(({ account_id }) => account_id);
      equal(answer, "the accounts of other users", others, []);
      if (items.length === 0) throw new Wrong(`${answer.request}: the test account is not listed`);
    },
  },
  {
    name: "broker-filter",
    expects: "GET /accounts?broker=: the accounts of that broker, and none for a broker that nobody has",
    async run({ readAll, account }) {
      const { items, answer } = await readAll("/accounts", { include: "all", broker: account.broker });
      const others = items.filter(({ broker }) => broker !== account.broker).map(({ account_id }) => account_id);
      equal(answer, "the accounts of other brokers", others, []);
      const none = await readAll("/accounts", { broker: "platform-check" });
      equal(none.answer, "the length of data", none.items.length, 0);
    },
  },
  {
    name: "pages",
    expects: "GET /accounts with per_page and the cursor of the page before: each account once, ordered by id",
    async run({ ask, readAll }) {
      const whole = (await readAll("/accounts")).items.map(({ account_id }) => account_id).slice(0, pagesOfOneMax);
      const single: unknown[] = [];
      let query = "?per_page=1";
      for (let page = 1; page <= whole.length; page++) {
        const answer = status(await ask(`/accounts${query}`), 200);
        single.push(at(answer.json, "data", 0, "account_id"));
        const cursor =
          at(answer.json, "meta", "next_cursor") ??
          new URL(String(at(answer.json, "links", "next") ?? "http://none/")).searchParams.get("cursor");
        if (page === whole.length) equal(answer, `the accounts on ${page} pages of one`, single, whole);
        query = `?per_page=1&cursor=${encodeURIComponent(String(cursor))}`;
      }
    },
  },
  {
    name: "per-page",
    expects: "422 whose errors name per_page, outside of 1 to 500",
    async run({ ask }) {
      for (const size of [0, 501]) invalid(await ask(`/accounts?per_page=${size}`), "per_page");
    },
  },
  {
    name: "unknown-account",
    expects: "404 as JSON with a message, wherever an account is named that does not exist",
    async run({ ask, account, execution, newKey }) {
      const path = `/accounts/${nobody(account.account_id)}`;
      refusal(await ask(`${path}/trades`), 404);
      refusal(await ask(`${path}/executions`), 404);
      const body = { executions: [execution()] };
      refusal(await ask(`${path}/trades`, { body, idempotencyKey: newKey() }), 404);
    },
  },
  {
    name: "users",
    expects: "GET /users: 200 with data, links and meta; each user with the fields and types of the contract",
    async run({ readAll, account }) {
      const { items, answer } = await readAll("/users");
      for (const [index, item] of items.entries()) shaped(answer, userShape, item, `data[${index}]`);
      const found = items.find(({ user_id }) => user_id === account.user_id);
      if (found === undefined) throw new Wrong(`${answer.request}: user ${account.user_id} is not listed`);
      const agrees = { timezone: account.timezone, base_currency: account.base_currency };
      const { timezone, base_currency } = found;
      equal(answer, "what the user and the account say", { timezone, base_currency }, agrees);
    },
  },
  {
    name: "unknown-user",
    expects: "404 as JSON with a message, for a user that does not exist",
    run: async ({ ask, account }) => void refusal(await ask(`/users/${nobody(account.user_id)}/trades`), 404),
  },
  {
    name: "credentials",
    expects: "credentials are null, an object, or Laravel's encrypted text: base64 of JSON with iv, value, mac and tag",
    async run({ readAccount, ask }) {
      const { credentials = null } = await readAccount();
      if (credentials === null) throw new Untested("the test account has no credentials");
      if (typeof credentials === "object") return;
      const text = Buffer.from(String(credentials), "base64").toString();
      if (/^\{.*"iv":.*"value":.*\}$/s.test(text)) return;
      const answer = await ask("/accounts?per_page=1");
      throw new Wrong(
        `${answer.request}: credentials are ${shown(typeof credentials)} that is no encrypted text of Laravel's`,
      );
    },
  },
];

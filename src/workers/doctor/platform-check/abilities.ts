import type { Request } from "./ask.ts";
import { at, refusal, status } from "./expect.ts";
import { type Point, Untested } from "./point.ts";
import type { Tools } from "./tools.ts";

/** Bodies that nothing could be stored of: a platform that lets the key in answers 422. */
const needs: readonly [ability: string, name: string, request: (tools: Tools) => [string, Request]][] = [
  ["accounts:read", "list-accounts", () => ["/accounts", {}]],
  ["accounts:write", "import-status", ({ path }) => [`${path}/import-status`, { method: "PATCH", body: {} }]],
  ["trades:read", "account-trades", ({ path }) => [`${path}/trades`, {}]],
  ["trades:read", "executions", ({ path }) => [`${path}/executions`, {}]],
  ["trades:read", "users", () => ["/users", {}]],
  ["trades:read", "user-trades", ({ userPath }) => [`${userPath}/trades`, {}]],
  ["trades:write", "post-batch", ({ path, newKey }) => [`${path}/trades`, { body: {}, idempotencyKey: newKey() }]],
  ["trades:write", "file-result", ({ path }) => [`${path}/files/platform-check/result`, { body: {} }]],
  ["statistics:write", "statistics", ({ userPath }) => [`${userPath}/statistics`, { method: "PUT", body: {} }]],
  ["reports:write", "cycles", () => ["/cycles", { body: {} }]],
];

export const abilityPoints: readonly Point[] = needs.map(([ability, name, request]) => ({
  name,
  expects: `403 as JSON with a message, for a key without ${ability}`,
  async run(tools) {
    const { limitedKey } = tools.settings;
    if (limitedKey === null) throw new Untested("needs a key of fewer abilities: --limited-key-file");
    const ping = status(await tools.ask("/ping", { key: limitedKey }), 200);
    const abilities = at(ping.json, "data", "key", "abilities");
    const held = Array.isArray(abilities) ? abilities : [];
    if (held.includes("*") || held.includes(ability)) throw new Untested(`the limited key has ${ability}`);
    const [path, asked] = request(tools);
    refusal(await tools.ask(path, { ...asked, key: limitedKey }), 403);
  },
}));

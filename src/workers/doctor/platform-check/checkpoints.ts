import type { Answer } from "./ask.ts";
import { storedIds } from "./batches.ts";
import { at, equal, invalid, member, refusal, status } from "./expect.ts";
import { type Point, Wrong } from "./point.ts";
import type { Tools } from "./tools.ts";

/** PHP's arrays, and Laravel's middleware, change all but text. */
const stateText =
  '{"spot":{"BTCUSDT":"1"},"empty":{},"list":[],"numbers":{"0":"a","1":"b"},"big":12345678901234567890}';

const checkpointOf = ({ next }: Tools): object => ({ v: 1, state: `${stateText.slice(0, -1)},"n":${next()}}` });

async function versionOf({ readAccount }: Tools): Promise<number> {
  return Number((await readAccount()).checkpoint_version);
}

function conflict(answer: Answer, checkpoint: object, version: number): void {
  refusal(answer, 409);
  member(answer, "code", "checkpoint_conflict");
  member(answer, "data", { checkpoint, checkpoint_version: version });
}

export const checkpointPoints: readonly Point[] = [
  {
    name: "stored",
    expects:
      "a checkpoint of the expected version is stored with its batch and comes back as it was; its version goes up by one",
    async run(tools) {
      const version = await versionOf(tools);
      const checkpoint = checkpointOf(tools);
      const body = { executions: [tools.execution()], checkpoint, expected_checkpoint_version: version };
      const answer = status(await tools.post(body), 200);
      member(answer, "data.checkpoint_version", version + 1);
      const account = await tools.readAccount();
      equal(answer, "the checkpoint as read back", account.checkpoint, checkpoint);
      equal(answer, "checkpoint_version as read back", account.checkpoint_version, version + 1);
    },
  },
  {
    name: "conflict",
    expects:
      "another version than the stored one: 409 with code checkpoint_conflict and, in data, the stored checkpoint and its version",
    async run(tools) {
      const version = await versionOf(tools);
      const checkpoint = checkpointOf(tools);
      await tools.store({ executions: [tools.execution()], checkpoint, expected_checkpoint_version: version });
      const late = {
        executions: [tools.execution()],
        checkpoint: checkpointOf(tools),
        expected_checkpoint_version: version,
      };
      conflict(await tools.post(late), checkpoint, version + 1);
    },
  },
  {
    name: "atomic",
    expects: "after a checkpoint_conflict nothing of the batch is stored: no execution, no trade, no checkpoint",
    async run(tools) {
      const version = await versionOf(tools);
      const execution = tools.execution();
      const trade = tools.trade([execution]);
      const late = { executions: [execution], trades: [trade], checkpoint: checkpointOf(tools) };
      const answer = await tools.post({ ...late, expected_checkpoint_version: version + 1 });
      const left = {
        executions: (await storedIds(tools, "executions")).filter((id) => id === execution.external_id).length,
        trades: (await storedIds(tools, "trades")).filter((id) => id === trade.external_id).length,
        checkpoint_version: (await versionOf(tools)) - version,
      };
      if (answer.status === 409)
        equal(answer, "what was stored of it", left, { executions: 0, trades: 0, checkpoint_version: 0 });
      else status(answer, 409);
    },
  },
  {
    name: "needs-version",
    expects: "a checkpoint without expected_checkpoint_version: 422 whose errors name that field",
    async run(tools) {
      const body = { executions: [tools.execution()], checkpoint: checkpointOf(tools) };
      invalid(await tools.post(body), "expected_checkpoint_version");
    },
  },
  {
    name: "left-out",
    expects: "without a checkpoint in the batch, expected_checkpoint_version is not looked at",
    async run(tools) {
      const version = await versionOf(tools);
      const answer = status(
        await tools.post({ executions: [tools.execution()], expected_checkpoint_version: version + 7 }),
        200,
      );
      member(answer, "data.checkpoint_version", version);
    },
  },
  {
    name: "key-stays-free",
    expects: "after a checkpoint_conflict the same key may be used again, since only 2xx answers are kept",
    async run(tools) {
      const version = await versionOf(tools);
      const body = {
        executions: [tools.execution()],
        checkpoint: checkpointOf(tools),
        expected_checkpoint_version: version + 1,
      };
      const key = tools.newKey();
      refusal(await tools.post(body, key), 409);
      await tools.store({
        executions: [tools.execution()],
        checkpoint: checkpointOf(tools),
        expected_checkpoint_version: version,
      });
      member(status(await tools.post(body, key), 200), "data.checkpoint_version", version + 2);
    },
  },
  {
    name: "import-status",
    expects:
      "a checkpoint may come with PATCH import-status too; of another version it is a 409 checkpoint_conflict, and nothing changes",
    async run(tools) {
      const { path, ask, context, account } = tools;
      const version = await versionOf(tools);
      const checkpoint = checkpointOf(tools);
      const observed_at = new Date(context.clock.nowMs()).toISOString();
      const body = { import_status: "ok", observed_at, credentials_version: account.credentials_version, checkpoint };
      const sent = { method: "PATCH" as const, body: { ...body, expected_checkpoint_version: version } };
      const answer = status(await ask(`${path}/import-status`, sent), 200);
      member(answer, "data.checkpoint_version", version + 1);
      member(answer, "data.checkpoint", checkpoint);
      conflict(await ask(`${path}/import-status`, sent), checkpoint, version + 1);
    },
  },
  {
    name: "race",
    expects: "two batches that expect the same version, at once: one 200, the other a 409 checkpoint_conflict",
    async run(tools) {
      const version = await versionOf(tools);
      const bodies = [1, 2].map(() => ({
        executions: [tools.execution()],
        checkpoint: checkpointOf(tools),
        expected_checkpoint_version: version,
      }));
      const answers = await Promise.all(bodies.map((body) => tools.post(body)));
      const statuses = answers.map((answer) => answer.status).sort();
      if (statuses[0] !== 200 || statuses[1] !== 409) {
        throw new Wrong(`POST ${tools.path}/trades: two at once were answered with ${statuses.join(" and ")}`);
      }
      const refused = answers.find((answer) => answer.status === 409);
      if (refused) equal(refused, "code", at(refused.json, "code"), "checkpoint_conflict");
    },
  },
];

import "../../jitless.ts";
import { type } from "arktype";
import { Failure } from "../../errors.ts";
import { accountStatuses, importStatuses } from "../fields.ts";
import { costBasisMethod, count, decimal, id, market, text, textOrNull, timestamp } from "../scalars.ts";
import type { makeOwners } from "./owners.ts";

/** What a development platform, or a test, starts with. A file's content is `text`, or lies in `path`, beside the seed. */
const seedShape = type({
  "users?": type({
    user_id: id,
    timezone: "string > 0",
    base_currency: "string > 0",
    "starting_balance?": decimal.or("null"),
    "breakeven_band?": type({ min: decimal, max: decimal }).or("null"),
    "+": "reject",
  }).array(),
  "accounts?": type({
    account_id: id,
    user_id: id,
    broker: "string > 0",
    markets: market.array(),
    "label?": textOrNull,
    "status?": type.enumerated(...accountStatuses),
    "import_status?": type.enumerated(...importStatuses),
    "broker_timezone?": textOrNull,
    "cost_basis_method?": costBasisMethod,
    "import_from?": timestamp.or("null"),
    "credentials?": type("string | object | null"),
    "credentials_version?": count,
    "checkpoint?": "object | null",
    "checkpoint_version?": count,
    "source?": type({
      kind: "'file'",
      files: type({
        file_id: id,
        name: "string > 0",
        "format?": textOrNull,
        "text?": text,
        "path?": text,
        "+": "reject",
      }).array(),
    }).or("null"),
    "+": "reject",
  }).array(),
  "+": "reject",
});

export type Seed = typeof seedShape.infer;

type SeedFile = { file_id: string | number; text?: string; path?: string };

/** Reads a file that a seed names; null: there are none to read. */
export type ReadFile = ((path: string) => Uint8Array) | null;

export function plantSeed(seed: unknown, owners: ReturnType<typeof makeOwners>, readFile: ReadFile): void {
  const checked = seedShape(seed);
  if (checked instanceof type.errors) {
    throw new Failure("data", `The seed is not right: ${checked.summary}.`, {
      code: "seed_invalid",
      hint: "fixtures/platform/seed.json shows how one is written.",
    });
  }
  for (const user of checked.users ?? []) owners.putUser(user);
  for (const { source, ...account } of checked.accounts ?? []) {
    owners.putAccount({ ...account, fed_by_files: source != null });
    for (const { file_id, name, format = null, ...content } of source?.files ?? []) {
      owners.addFile(account.account_id, {
        fileId: file_id,
        name,
        format,
        bytes: bytesOf({ file_id, ...content }, readFile),
      });
    }
  }
}

function bytesOf(file: SeedFile, readFile: ReadFile): Uint8Array {
  if (file.text !== undefined) return new TextEncoder().encode(file.text);
  if (file.path !== undefined && readFile !== null) return readFile(file.path);
  throw new Failure("data", `File ${file.file_id} of the seed has no content.`, {
    code: "seed_invalid",
    hint: "Give it `text`, or a `path` beside the seed.",
  });
}

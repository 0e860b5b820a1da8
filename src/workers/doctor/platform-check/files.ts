import type { PlatformFile } from "../../../journal/wire.ts";
import type { Answer } from "./ask.ts";
import { equal, invalid, member, refusal, status } from "./expect.ts";
import { type Point, Untested, Wrong } from "./point.ts";
import { mark, type Tools } from "./tools.ts";

const result = { status: "rejected", dialect: null, rows: 0, imported: 0, skipped: 0, rejected: 0, truncated: false };
const errors = [
  { line: 1, column: null, code: "platform_check", message: "A check of the API: nothing was imported." },
];

/** The links are of the moment. */
async function listed({ readAccount }: Tools): Promise<PlatformFile[]> {
  const { source } = (await readAccount()) as { source?: { files: PlatformFile[] } | null };
  return source?.files ?? [];
}

async function firstFile(tools: Tools): Promise<PlatformFile> {
  const [file] = await listed(tools);
  if (file === undefined) throw new Untested("the test account has no file that waits; upload one");
  return file;
}

export const filePoints: readonly Point[] = [
  {
    name: "download",
    expects: "the link of a listed file: 200 with its bytes, as many as `bytes` says, of the SHA-256 that is listed",
    async run(tools) {
      const file = await firstFile(tools);
      const own = new URL(file.url).origin === new URL(tools.settings.url).origin;
      const answer = status(await tools.ask(file.url, own ? {} : { key: null }), 200);
      equal(answer, "its SHA-256", new Bun.CryptoHasher("sha256").update(answer.bytes).digest("hex"), file.sha256);
      if (file.bytes != null) equal(answer, "its length", answer.bytes.length, file.bytes);
    },
  },
  {
    name: "signature",
    expects: "a link that was changed: 403 (or 404), since its signature does not fit",
    async run(tools) {
      const { url } = await firstFile(tools);
      const changed = new URL(url);
      for (const [name, value] of changed.searchParams) changed.searchParams.set(name, `${value.slice(0, -1)}0`);
      if (changed.href === url) changed.searchParams.set("expires", "1");
      status(await tools.ask(changed.href), 403, 404);
    },
  },
  {
    name: "result",
    expects:
      "POST files/{id}/result: 200 with account_id, file_id and status; the file is listed no more; a later result replaces it",
    async run(tools) {
      const file = (await listed(tools)).find(({ name }) => name?.startsWith(mark));
      if (file === undefined) {
        throw new Untested(
          `a file with a result is done with: upload one whose name begins with ${mark} to have this checked`,
        );
      }
      const answer = status(await postResult(tools, file.file_id, { ...result, errors }), 200);
      member(answer, "data", { account_id: tools.account.account_id, file_id: file.file_id, status: "rejected" });
      const left = (await listed(tools)).some(({ file_id }) => file_id === file.file_id);
      equal(answer, "whether the file is still listed", left, false);
      status(await postResult(tools, file.file_id, { ...result, errors: [] }), 200);
    },
  },
  {
    name: "unknown-file",
    expects: "a result for a file that does not exist: 404 as JSON with a message",
    async run(tools) {
      const [file] = await listed(tools);
      const id = typeof file?.file_id === "string" ? "platform-check-nothing" : 9_007_199_254_740_991;
      refusal(await postResult(tools, id, { ...result, errors }), 404);
    },
  },
  {
    name: "invalid-result",
    expects: "422 whose errors name the field, for a status that the contract does not have",
    async run(tools) {
      const { file_id } = await firstFile(tools);
      const answer = await postResult(tools, file_id, { ...result, errors, status: "done" });
      invalid(answer, "status");
      const left = (await listed(tools)).some((file) => file.file_id === file_id);
      if (!left) throw new Wrong(`${answer.request}: the file is not listed any more after a 422`);
    },
  },
];

async function postResult({ ask, path }: Tools, fileId: string | number, body: unknown): Promise<Answer> {
  return await ask(`${path}/files/${encodeURIComponent(fileId)}/result`, { body });
}

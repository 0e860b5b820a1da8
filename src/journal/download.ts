import { Failure, messageOf } from "../errors.ts";
import type { Http, Verdict } from "./http.ts";
import type { Limit } from "./limit.ts";
import { retryAfterMs, waitMsDefault } from "./retry.ts";
import { unauthenticated } from "./stopping-status.ts";
import type { PlatformFile } from "./wire.ts";

/** Above any statement; without a stated size a body could go on for ever. */
const fileBytesMax = 2 * 1024 ** 3;

interface Download {
  response: Response;
  limit: Limit;
}

/**
 * Opens an uploaded file. The API key goes along to the API's own origin only. Until the first byte it is retried like any
 * request; after that the time limit is between two parts, and what goes wrong is an error of the stream.
 */
export async function openDownload(file: PlatformFile, http: Http): Promise<ReadableStream<Uint8Array>> {
  const url = URL.parse(file.url);
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:")) {
    throw new Failure("data", `The link of file ${file.file_id} is no http or https URL.`, {
      code: "platform_contract",
      subject: subjectOf(file),
      retryable: false,
    });
  }
  const { response, limit } = await http.retried(`GET file ${file.file_id}`, {}, (requestId) =>
    attempt({ url, file, requestId }, http),
  );
  return streamOf(file, response, limit);
}

async function attempt(
  { url, file, requestId }: { url: URL; file: PlatformFile; requestId: string },
  http: Http,
): Promise<Verdict<Download>> {
  const limit = http.limited(false);
  if (limit === null) return { kind: "stop", failure: interruptedFile(file) };
  try {
    const own = url.origin === new URL(http.settings.url).origin;
    const headers = own ? http.headers(requestId) : { Accept: "*/*" };
    const response = await limit.race(
      http.raw(url.href, {
        headers,
        redirect: "manual",
        retry: 0,
        ignoreResponseError: true,
        responseType: "stream",
        signal: limit.signal,
      }),
    );
    if (response.status === 200) return { kind: "answer", answer: { response, limit } };
    response.body?.cancel().catch(() => undefined); // its text would say nothing that the status does not
    limit.end();
    return judge({ file, own }, response, http);
  } catch (error) {
    limit.end();
    return http.failed(error, limit);
  }
}

function judge(
  { file, own }: { file: PlatformFile; own: boolean },
  { status, headers }: Response,
  http: Http,
): Verdict<never> {
  const describe = `${status}`;
  if (status === 429 || status === 503) {
    return { kind: "wait", describe, askedMs: retryAfterMs(headers.get("retry-after"), http.nowMs()) ?? waitMsDefault };
  }
  if (status === 408 || status === 425 || status >= 500) return { kind: "retry", describe };
  if (status === 401 && own) return { kind: "stop", failure: unauthenticated(`GET file ${file.file_id}`, describe) };
  if (status === 403 || status === 404 || status === 410) {
    const failure = new Failure("data", `File ${file.file_id} is gone or its link expired (${status}).`, {
      code: "file_gone",
      subject: subjectOf(file),
      hint: "The next cycle reads the account again and gets a new link.",
      retryable: true,
    });
    return { kind: "stop", failure };
  }
  const failure = new Failure("data", `File ${file.file_id} cannot be fetched: its link answers ${status}.`, {
    code: "file_unavailable",
    subject: subjectOf(file),
    hint: "Check the file store of the platform; redirects are not followed.",
    retryable: false,
  });
  return { kind: "stop", failure };
}

function streamOf(file: PlatformFile, response: Response, limit: Limit): ReadableStream<Uint8Array> {
  const reader = response.body?.getReader();
  const bytesMax = file.bytes ?? fileBytesMax;
  let bytes = 0;
  const cut = (what: string, cause?: unknown): Failure =>
    new Failure("unavailable", `File ${file.file_id} broke off: ${what}.`, {
      code: "file_cut",
      subject: subjectOf(file),
      retryable: true,
      cause,
    });

  async function next(): Promise<Uint8Array | null> {
    limit.renew();
    const { done, value } = await (reader === undefined
      ? { done: true as const, value: undefined }
      : limit.race(reader.read()));
    if (done) {
      if (file.bytes !== null && bytes < file.bytes) throw cut(`${bytes} of ${file.bytes} bytes came`);
      return null;
    }
    bytes += value.length;
    if (bytes <= bytesMax) return value;
    throw new Failure("data", `File ${file.file_id} has more than the ${bytesMax} bytes that it may have.`, {
      code: "file_mismatch",
      subject: subjectOf(file),
      retryable: false,
    });
  }

  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const chunk = await next();
        if (chunk !== null) {
          controller.enqueue(chunk);
          return;
        }
        limit.end();
        controller.close();
      } catch (error) {
        limit.end();
        reader?.cancel().catch(() => undefined);
        controller.error(
          error instanceof Failure ? error : cut(limit.timedOut() ? limit.describe() : messageOf(error), error),
        );
      }
    },
    async cancel() {
      limit.end();
      await reader?.cancel();
    },
  });
}

function interruptedFile(file: PlatformFile): Failure {
  return new Failure("unavailable", `File ${file.file_id} was not fetched: the run was stopped.`, {
    code: "interrupted",
    subject: subjectOf(file),
    retryable: true,
  });
}

function subjectOf(file: PlatformFile): string {
  return file.name === null ? `file ${file.file_id}` : `file ${file.file_id} (${file.name})`;
}

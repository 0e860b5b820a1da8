import type { Fetch } from "../../src/context.ts";
import { Failure } from "../../src/errors.ts";
import type { Journal } from "../../src/journal/journal.ts";
import { type LaravelSettings, openLaravelJournal } from "../../src/journal/laravel.ts";
import { type FakeContext, fakeContext } from "./samples.ts";

/** One attempt as it went out. */
export interface Attempt {
  method: string;
  url: URL;
  headers: Headers;
  body: string | null;
  redirect: string | undefined;
}

/** What the platform does to an attempt: an answer, or the error that the network ends with. */
export type Step = Response | Error | ((init: RequestInit) => Promise<Response>);

export interface ScriptedPlatform {
  journal: Journal;
  context: FakeContext;
  attempts: Attempt[];
}

export const url = "https://app.example.com/api/internal";
export const key = "secret-key-of-the-tests";

/** A platform that does one step an attempt; more attempts than steps are an error of the test. */
export function scripted(
  steps: Step[],
  settings: Partial<LaravelSettings> = {},
  fake: Omit<NonNullable<Parameters<typeof fakeContext>[0]>, "fetch"> = {},
): ScriptedPlatform {
  const attempts: Attempt[] = [];
  const fetch: Fetch = async (input, init = {}) => {
    const step = steps[attempts.length];
    attempts.push({
      method: init.method ?? "GET",
      url: new URL(String(input)),
      headers: new Headers(init.headers),
      body: typeof init.body === "string" ? init.body : null,
      redirect: init.redirect,
    });
    if (step === undefined) throw new Error(`attempt ${attempts.length} has no step`);
    if (step instanceof Error) throw step;
    return typeof step === "function" ? await step(init) : step;
  };
  const context = fakeContext({ fetch, ...fake });
  const journal = openLaravelJournal(
    { url, key, workerId: "w1@host:4711", retriesMax: 3, backoffBaseSeconds: 2, ...settings },
    context,
  );
  return { journal, context, attempts };
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

export function html(status: number, headers: Record<string, string> = {}): Response {
  const page = "<html><body>An error occurred</body></html>";
  return new Response(page, { status, headers: { "Content-Type": "text/html", ...headers } });
}

/** What the work fails with; anything but a Failure is an error of the test. */
export async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error = await work.then(
    () => new Error("it did not fail"),
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw error;
}

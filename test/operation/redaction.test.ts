import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../src/operation/redaction.ts";

describe("a registered secret", () => {
  const redactor = createRedactor();
  redactor.register(["p@ss/word+1", "abc", "p@ss/word+1-longer", 'with"quote']);

  test.each([
    ["alone", "p@ss/word+1", "[redacted]"],
    ["inside longer text", "said <p@ss/word+1>!", "said <[redacted]>!"],
    ["in an address", "https://x.example/p%40ss%2Fword%2B1/y", "https://x.example/[redacted]/y"],
    ["in base64", btoa("p@ss/word+1"), "[redacted]"],
    ["escaped in JSON", '{"a":"with\\"quote"}', '{"a":"[redacted]"}'],
    ["that begins like another", "p@ss/word+1-longer", "[redacted]"],
    ["too short to be one", "abc", "abc"],
    ["twice", "p@ss/word+1 p@ss/word+1", "[redacted] [redacted]"],
  ])("is replaced %s", (_name, text, expected) => {
    expect(redactor.text(text)).toBe(expected);
  });
});

test("a secret that is needed for a while is replaced as long as somebody needs it", () => {
  const redactor = createRedactor();
  const releases = [redactor.keep(["a-secret-of-two"]), redactor.keep(["a-secret-of-two", "another-one"])];
  const shown = () => redactor.text("a-secret-of-two another-one");
  expect(shown()).toBe("[redacted] [redacted]");
  releases[1]?.();
  releases[1]?.();
  expect(shown()).toBe("[redacted] another-one");
  releases[0]?.();
  expect(shown()).toBe("a-secret-of-two another-one");
});

test.each([
  [
    "https://api.example/x?symbol=BTC&signature=0ab1&limit=5",
    "https://api.example/x?symbol=BTC&signature=[redacted]&limit=5",
  ],
  ["GET /x?api_key=k1&apiKey=k2", "GET /x?api_key=[redacted]&apiKey=[redacted]"],
  ["/download?X-Amz-Signature=abc&expires=1", "/download?X-Amz-Signature=[redacted]&expires=1"],
  ["authorization: Bearer eyJhbGciOi.J9", "authorization: Bearer [redacted]"],
  ["smtp://user:word@mail.example", "smtp://user:[redacted]@mail.example"],
  ["http://127.0.0.1:8787/api/me@example.com", "http://127.0.0.1:8787/api/me@example.com"],
  ["nothing to see", "nothing to see"],
])("what looks like a secret is replaced: %s", (text, expected) => {
  expect(createRedactor().text(text)).toBe(expected);
});

test.each([
  ["api_key", true],
  ["apiSecret", true],
  ["X-MBX-APIKEY", true],
  ["Authorization", true],
  ["signature", true],
  ["credentials", true],
  ["refresh_token", true],
  ["passphrase", true],
  ["idempotency_key", false],
  ["credentials_version", false],
  ["symbol", false],
  ["keyboard", false],
])("a field named %s is hidden: %p", (name, hidden) => {
  expect(createRedactor().hidesField(name)).toBe(hidden);
});

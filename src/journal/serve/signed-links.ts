import { randomBytes, timingSafeEqual } from "node:crypto";
import type { Id } from "../wire.ts";

const linkSeconds = 3600;

/** Links that say until when they are good, signed with a secret of this process, like Laravel's `temporarySignedRoute`. */
export function makeSignedLinks(baseUrl: () => string, nowMs: () => number) {
  const secret = randomBytes(32);
  const signatureOf = (fileId: string, expires: string): Buffer =>
    Buffer.from(new Bun.CryptoHasher("sha256", secret).update(`${fileId}?${expires}`).digest("hex"));
  return {
    sign(fileId: Id): string {
      const expires = String(Math.floor(nowMs() / 1000) + linkSeconds);
      const signature = signatureOf(String(fileId), expires).toString();
      return `${baseUrl()}/files/${encodeURIComponent(String(fileId))}?${new URLSearchParams({ expires, signature })}`;
    },
    isGood(fileId: string, parameters: URLSearchParams): boolean {
      const expires = parameters.get("expires") ?? "";
      const given = Buffer.from(parameters.get("signature") ?? "");
      const expected = signatureOf(fileId, expires);
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
      return Number(expires) * 1000 >= nowMs();
    },
  };
}

export type SignedLinks = ReturnType<typeof makeSignedLinks>;

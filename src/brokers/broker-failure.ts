import { Failure } from "../errors.ts";
import type { BrokerErrorCode } from "./broker.ts";

/** The same again, later, is no use. */
const permanent = new Set<BrokerErrorCode>([
  "broker_auth_failed",
  "key_expired",
  "ip_not_allowed",
  "permission_missing",
  "broker_answer",
]);

/** What is wrong with an account at its venue. No cause is attached: what `fetch` and ccxt throw quotes the signed address. */
export function failure(
  code: BrokerErrorCode,
  message: string,
  { hint, brokerCode = null }: { hint?: string; brokerCode?: string | number | null } = {},
): Failure {
  return new Failure("data", message, {
    code,
    retryable: !permanent.has(code),
    ...(hint === undefined ? {} : { hint }),
    ...(brokerCode === null ? {} : { brokerCode: String(brokerCode) }),
  });
}

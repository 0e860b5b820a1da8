import { Failure } from "../errors.ts";

interface Answered {
  status: number;
  headers: Headers;
  message: string;
}

export function describeStatus({ status, message }: Pick<Answered, "status" | "message">): string {
  return message === "" ? `${status}` : `${status} ${message}`;
}

/** The statuses that stop the whole cycle, since no other request can succeed either. Null: the caller decides. */
export function stoppingStatus(name: string, answer: Answered): Failure | null {
  const { status } = answer;
  if (status === 401) return unauthenticated(name, describeStatus(answer));
  if (status === 403) {
    return new Failure("refused", `${name}: the API key is not allowed to do this (${describeStatus(answer)}).`, {
      code: "platform_forbidden",
      subject: "LARAVEL_API_KEY",
      hint: "Give the workers' key the ability that the message names.",
      retryable: false,
    });
  }
  if (status === 405 || status === 419 || (status >= 300 && status < 400)) return wrongUrl(name, answer);
  return null;
}

export function unauthenticated(name: string, said: string): Failure {
  return new Failure("refused", `${name}: the platform does not know the API key (${said}).`, {
    code: "platform_unauthenticated",
    subject: "LARAVEL_API_KEY",
    hint: "Make a new key for the workers on the platform and set LARAVEL_API_KEY.",
    retryable: false,
  });
}

function wrongUrl(name: string, answer: Answered): Failure {
  const location = answer.headers.get("location");
  const target = location === null ? "" : `, a redirect to ${location.slice(0, 200)}`;
  return new Failure("settings", `${name}: the platform answers ${describeStatus(answer)}${target}.`, {
    code: "platform_wrong_url",
    subject: "LARAVEL_API_URL",
    hint:
      answer.status === 419
        ? "The platform's internal API stands in a middleware group that wants CSRF tokens (`web`); move it out of there."
        : "Set LARAVEL_API_URL to the API's own base URL, like https://app.example.com/api/internal.",
    retryable: false,
  });
}

import "../../jitless.ts";
import { type } from "arktype";
import { type Statistics, statisticsShape } from "../wire.ts";
import type { Errors } from "./rules.ts";

const errorsMax = 20;

/** Statistics are nested and large, and their worker can afford arktype: its errors under Laravel's keys. */
export function checkStatistics(body: unknown): { statistics: Statistics | null; errors: Errors } {
  const result = statisticsShape(body);
  if (!(result instanceof type.errors)) return { statistics: result, errors: {} };
  const errors: Errors = {};
  for (const error of [...result].slice(0, errorsMax)) {
    const path = error.path.map(String).join(".") || "statistics";
    errors[path] = [`The ${String(error.path.at(-1) ?? "body")} must be ${error.expected}.`];
  }
  return { statistics: null, errors };
}

import type { Check } from "../check.ts";

export const workerChecks: readonly Check[] = [];

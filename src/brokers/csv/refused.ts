import type { RefusedExport } from "./dialect.ts";

/** Exports that are known and cannot give trades. */
export const refusedExports: readonly RefusedExport[] = [];

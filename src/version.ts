import { version as manifestVersion } from "../package.json";

/** Put in by scripts/build.ts; absent when run from source. */
declare const BUILD_VERSION: string | undefined;
declare const BUILD_COMMIT: string | undefined;

export const version: string = typeof BUILD_VERSION === "string" ? BUILD_VERSION : manifestVersion;
/** The commit it was built from; `dev` from source, with `+changes` when the tree had any. */
export const commit: string = typeof BUILD_COMMIT === "string" ? BUILD_COMMIT : "dev";

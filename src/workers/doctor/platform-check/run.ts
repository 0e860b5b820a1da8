import { readFileSync } from "node:fs";
import { loadConfig } from "../../../config.ts";
import type { Context } from "../../../context.ts";
import { Failure, messageOf } from "../../../errors.ts";
import { inputOf } from "../../config/input.ts";
import type { DoctorArgs } from "../command.ts";
import { cannotBegin } from "./ask.ts";
import { checkPlatform } from "./check.ts";
import { isRight, renderChecked, toJson } from "./output.ts";

/** `doctor --platform-check`: 0 when the platform does everything right, 1 when not. */
export async function runPlatformCheck(args: DoctorArgs, context: Context): Promise<number> {
  const { testAccount, exhaustRateLimit, json, quiet } = args;
  if (testAccount === undefined) {
    throw cannotBegin(
      "--platform-check needs --test-account: the account whose data may be made and changed.",
      "Make one on the platform, of a user that is for tests too. Never one of a person.",
    );
  }
  const { config } = loadConfig(inputOf(args, context.environment));
  if (config.platform.kind === "embedded") {
    throw cannotBegin("There is no API to check: the journal is a file.", "Set LARAVEL_API_URL and LARAVEL_API_KEY.");
  }
  const { url, key } = config.platform;
  const limitedKey = args.limitedKeyFile === undefined ? null : readKey(args.limitedKeyFile);
  const settings = { url: url.replace(/\/+$/, ""), key, limitedKey, exhaustRateLimit };
  const checked = await checkPlatform(settings, testAccount, context);
  const { terminal } = context;
  terminal.write(json ? `${JSON.stringify(toJson(url, checked))}\n` : renderChecked(checked, { quiet, ...terminal }));
  return isRight(checked) ? 0 : 1;
}

function readKey(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw new Failure("usage", `--limited-key-file cannot be read: ${messageOf(error)}`, {
      code: "usage",
      cause: error,
    });
  }
}

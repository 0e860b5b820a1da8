import { setDefaultTimeout } from "bun:test";
import { journalContract } from "../journal/contract.ts";
import { seed } from "../journal/samples.ts";
import { describeLaravel, openJournal, reset, withCredentialsRead } from "./instance.ts";

// PHP starts anew with each request, and 2,100 executions and trades are some of them.
setDefaultTimeout(60_000);

describeLaravel("fixtures/laravel", (platform) => {
  journalContract("a real Laravel", async () => {
    await reset(platform, seed);
    const { journal } = openJournal(platform);
    return { journal: withCredentialsRead(journal, platform.credentialsKey), close: async () => journal.close() };
  });
});

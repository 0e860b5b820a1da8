import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { openLaravelJournal } from "../../src/journal/laravel.ts";
import { servePlatform } from "../../src/journal/serve.ts";
import { journalContract } from "./contract.ts";
import { fakeContext, seed } from "./samples.ts";

const key = "a-key-of-the-tests";

journalContract("the platform over HTTP", async () => {
  const context = fakeContext();
  const embedded = openEmbeddedJournal(":memory:", context);
  await embedded.seed(seed);
  const platform = servePlatform({ journal: embedded, key, nowMs: context.clock.nowMs, ratePerMinute: 10_000 });
  const journal = openLaravelJournal(
    { url: platform.url, key, workerId: "w1@tests:1", retriesMax: 3, backoffBaseSeconds: 2 },
    context,
  );
  const close = async (): Promise<void> => {
    journal.close();
    await platform.stop();
    embedded.close();
  };
  return { journal, close };
});

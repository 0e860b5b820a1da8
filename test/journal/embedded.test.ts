import { openEmbeddedJournal } from "../../src/journal/embedded.ts";
import { journalContract } from "./contract.ts";
import { fakeContext, seed } from "./samples.ts";

journalContract("the embedded journal", async () => {
  const journal = openEmbeddedJournal(":memory:", fakeContext());
  await journal.seed(seed);
  return { journal, close: async () => journal.close() };
});

import type { Buffer, Entry, Oddity } from "../../delivery/buffer.ts";
import { Failure } from "../../errors.ts";

/** A file of the buffer, wherever it lies. */
export type Found = (Entry & { state: "pending" | "failed" | "quarantine" }) | (Oddity & { state: Oddity["kind"] });

/** Everything, in the order of the folders and oldest first. */
export function findAll(buffer: Buffer): Found[] {
  return (["pending", "failed", "quarantine"] as const).flatMap((state): Found[] => {
    const { entries, oddities } = buffer.look(state);
    return [...entries.map((entry) => ({ ...entry, state })), ...oddities.map((odd) => ({ ...odd, state: odd.kind }))];
  });
}

export function isBatch(found: Found): found is Extract<Found, { key: string }> {
  return "key" in found;
}

/** The id that a person is shown, and that names a file in options: its batch's key, or its name. */
export function idOf(found: Found): string {
  return isBatch(found) ? found.key : found.name;
}

const idCharactersMin = 4;
const namedMax = 5;

/** By an id, a file's name, or any part of them that only one has. @throws {Failure} usage */
export function choose(all: readonly Found[], id: string): Found {
  const exact = all.filter((found) => idOf(found) === id || found.name === id);
  const matching = exact.length > 0 ? exact : all.filter((found) => contains(found, id));
  const [only] = matching;
  if (only !== undefined && matching.length === 1) return only;
  if (only === undefined) {
    throw new Failure("usage", `No batch has the id ${JSON.stringify(id)}.`, {
      code: "no_such_batch",
      hint: "ami-workers flush-buffer --list shows what there is.",
    });
  }
  const some = matching.slice(0, namedMax).map(idOf).join(", ");
  throw new Failure("usage", `${matching.length} batches have ${JSON.stringify(id)} in their id: ${some}.`, {
    code: "ambiguous_batch",
    hint: "Write more of it.",
  });
}

function contains(found: Found, id: string): boolean {
  return id.length >= idCharactersMin && (idOf(found).includes(id) || found.name.includes(id));
}

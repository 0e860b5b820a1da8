import type { Random } from "../../venues/random.ts";
import { archiveMutations } from "./mutate-archives.ts";
import { byteMutations } from "./mutate-bytes.ts";
import { pageMutations } from "./mutate-pages.ts";
import { type TextMutation, textMutations } from "./mutate-texts.ts";
import { encode, type Seed } from "./seeds.ts";

export interface Mutated {
  bytes: Uint8Array;
  /** What was done to the seed, in order. */
  done: string[];
}

/** Mutations that one input gets, at most. */
const mutationsMax = 4;
const charactersMax = 4_000_000;

/** A bad file made of a good one, the same for the same chance. */
export function mutate(seed: Seed, random: Random, others: readonly Seed[]): Mutated {
  const done: string[] = [];
  const count = 1 + Math.floor(random.next() ** 2 * mutationsMax);
  let bytes: Uint8Array;
  if (seed.kind === "xlsx") bytes = mutateArchive(seed, random, { count, done });
  else {
    const own = seed.kind === "html" ? { ...textMutations, ...pageMutations } : textMutations;
    const text = mutateText(seed.text, own, random, { count, done });
    bytes = encode(text, seed.encoding);
  }
  if (done.length > 0 && !random.chance(0.25)) return { bytes, done };
  const name = random.pick(Object.keys(byteMutations));
  done.push(name);
  return { bytes: byteMutations[name]?.(bytes, random, others) ?? bytes, done };
}

interface Plan {
  count: number;
  done: string[];
}

function mutateText(
  text: string,
  mutations: Record<string, TextMutation>,
  random: Random,
  { count, done }: Plan,
): string {
  const names = Object.keys(mutations);
  let mutated = text;
  for (let times = 0; times < count && mutated.length < charactersMax; times++) {
    const name = random.pick(names);
    const changed = mutations[name]?.(mutated, random) ?? mutated;
    if (changed === mutated) continue;
    done.push(name);
    mutated = changed;
  }
  return mutated;
}

function mutateArchive(seed: Seed, random: Random, { count, done }: Plan): Uint8Array {
  if (random.chance(0.2)) return seed.bytes; // only its bytes
  const parts = { ...seed.parts };
  const name = random.pick(Object.keys(parts).filter((part) => /sheet\d|shared|styles/i.test(part)));
  if (random.chance(0.5)) {
    parts[name] = mutateText(parts[name] ?? "", { ...textMutations, ...pageMutations }, random, { count, done });
  }
  const archive = random.pick(Object.keys(archiveMutations));
  done.push(archive);
  return archiveMutations[archive]?.({ parts, name }, random) ?? seed.bytes;
}

import type { Random } from "../../venues/random.ts";
import { encode, type Seed } from "./seeds.ts";

export type ByteMutation = (bytes: Uint8Array, random: Random, others: readonly Seed[]) => Uint8Array;

const marks = [
  [0xef, 0xbb, 0xbf],
  [0xff, 0xfe],
  [0xfe, 0xff],
  [0xff, 0xfe, 0, 0],
  [0x50, 0x4b, 3, 4],
  [0x1f, 0x8b, 8],
  [0x25, 0x50, 0x44, 0x46],
  [0xd0, 0xcf, 0x11, 0xe0],
  [0],
];

export const byteMutations: Record<string, ByteMutation> = {
  "bytes changed": (bytes, random) => {
    const changed = Uint8Array.from(bytes);
    for (let times = random.integer(1, 8); times > 0 && changed.length > 0; times--) {
      changed[random.integer(0, changed.length - 1)] = random.integer(0, 255);
    }
    return changed;
  },
  "many bytes changed": (bytes, random) => bytes.map((byte) => (random.chance(0.01) ? random.integer(0, 255) : byte)),
  "bytes put in": (bytes, random) => {
    const at = random.integer(0, bytes.length);
    const piece = Uint8Array.from({ length: random.integer(1, 40) }, () => random.integer(0, 255));
    return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
  },
  "bytes removed": (bytes, random) => {
    const at = random.integer(0, bytes.length);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + random.integer(1, 40))]);
  },
  "bytes cut off": (bytes, random) => bytes.subarray(0, random.integer(0, bytes.length)),
  "a mark before it": (bytes, random) => Buffer.concat([Uint8Array.from(random.pick(marks)), bytes]),
  "another encoding": (bytes, random) => {
    const text = Buffer.from(bytes).toString(random.pick(["utf8", "latin1"]));
    return encode(random.chance(0.5) ? `\ufeff${text}` : text, random.pick(["utf16le", "utf16be", "utf8", "latin1"]));
  },
  "another file behind it": (bytes, random, others) => Buffer.concat([bytes, random.pick(others).bytes]),
  "half of another file": (bytes, random, others) => {
    const other = random.pick(others).bytes;
    return Buffer.concat([
      bytes.subarray(0, random.integer(0, bytes.length)),
      other.subarray(random.integer(0, other.length)),
    ]);
  },
  "only random bytes": (_bytes, random) =>
    Uint8Array.from({ length: random.integer(0, 600) }, () => random.integer(0, 255)),
};

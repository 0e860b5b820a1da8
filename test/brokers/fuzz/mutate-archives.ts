import type { Random } from "../../venues/random.ts";
import { zip } from "../metatrader/make.ts";

export type ArchiveMutation = (archive: { parts: Record<string, string>; name: string }, random: Random) => Uint8Array;

/** Of a workbook as an archive: its parts, and what its directory says of them. `name`: the part that it is about. */
export const archiveMutations: Record<string, ArchiveMutation> = {
  "packed again": ({ parts }) => zip(parts),
  "a size that is a lie": ({ parts, name }, random) =>
    zip(parts, { [name]: random.pick([0, 1, 0x7fffffff, 0xffffffff, (parts[name] ?? "").length + 1]) }),
  "a part is missing": ({ parts, name }) =>
    zip(Object.fromEntries(Object.entries(parts).filter(([part]) => part !== name))),
  "a part twice": ({ parts, name }) => zip({ ...parts, "xl/worksheets/sheet9.xml": parts[name] ?? "" }),
  "other names of parts": ({ parts, name }, random) => {
    const { [name]: content = "", ...rest } = parts;
    return zip({
      ...rest,
      [random.pick(["../../etc/x.xml", `/${name}`, name.toUpperCase(), "xl\\worksheets\\sheet1.xml", "\u0000"])]:
        content,
    });
  },
  "many parts": ({ parts }, random) =>
    zip({
      ...parts,
      ...Object.fromEntries(
        Array.from({ length: random.integer(1, 60) }, (_, at) => [`xl/worksheets/s${at}.xml`, "<a/>"]),
      ),
    }),
  "bytes of the archive changed": ({ parts }, random) => {
    const bytes = zip(parts);
    for (let times = random.integer(1, 6); times > 0; times--)
      bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255);
    return bytes;
  },
  "bytes of its directory changed": ({ parts }, random) => {
    const bytes = zip(parts);
    for (let times = random.integer(1, 6); times > 0; times--) {
      bytes[random.integer(Math.max(0, bytes.length - 300), bytes.length - 1)] = random.integer(0, 255);
    }
    return bytes;
  },
  "archive cut short": ({ parts }, random) => {
    const bytes = zip(parts);
    return bytes.subarray(0, random.integer(0, bytes.length));
  },
  "archive with a tail": ({ parts }, random) => Buffer.concat([zip(parts), Buffer.alloc(random.integer(1, 70_000))]),
  "a bomb of blanks": ({ parts, name }, random) => bomb(parts, name, " ", random),
  "a bomb of text": ({ parts, name }, random) => bomb(parts, name, "x", random),
  "a bomb of rows": ({ parts, name }, random) => bomb(parts, name, '<row><c t="n"><v>1</v></c></row>', random),
  "a bomb of tags": ({ parts, name }, random) => bomb(parts, name, "<a>", random),
  "a bomb of texts": ({ parts }, random) => bomb(parts, "xl/sharedStrings.xml", "<si><t>x</t></si>", random),
};

/** Mostly small, since a bomb's limits are tried on their own. */
function bomb(parts: Record<string, string>, name: string, piece: string, random: Random): Uint8Array {
  const bytes = random.chance(0.01) ? 20_000_000 : random.integer(10_000, 300_000);
  const text = parts[name] ?? "<sst></sst>";
  const at = Math.max(0, text.lastIndexOf("</"));
  return zip({ ...parts, [name]: text.slice(0, at) + piece.repeat(Math.ceil(bytes / piece.length)) + text.slice(at) });
}

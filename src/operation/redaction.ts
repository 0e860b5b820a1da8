export interface Redactor {
  /** From here on none of these appears in anything that was redacted. */
  register: (secrets: readonly string[]) => void;
  /** As `register`, until the returned function is called: for secrets of many, each of which is needed for a while. */
  keep: (secrets: readonly string[]) => () => void;
  /** Known secrets, and what looks like one in addresses and headers, replaced. */
  text: (text: string) => string;
  /** Whether a field of this name is secret whatever it holds. */
  hidesField: (name: string) => boolean;
}

export const redacted = "[redacted]";

/** Shorter ones would hit innocent words, and are no secrets. */
const secretCharactersMin = 6;

const secretWord = /(key|secret|token|password|passwd|passphrase|authorization|signature|credential|cookie)s?$/i;
/** End like a secret's name and are none. */
const harmless = new Set(["idempotencykey"]);

/** `?signature=…`, `Bearer …`, `//user:password@host`: in texts of libraries that quote whole requests. */
const patterns: [RegExp, string][] = [
  [/([?&;](?:[\w-]*(?:key|secret|token|password|passphrase|signature))=)[^&;\s"'<>]+/gi, `$1${redacted}`],
  [/\b(Bearer|Basic)\s+[\w.~+/=-]{6,}/gi, `$1 ${redacted}`],
  [/(\/\/[^/\s:@"']*:)[^/\s@"']+@/g, `$1${redacted}@`],
];

/** One a run: everything that leaves the process as text goes through it. */
export function createRedactor(): Redactor {
  /** How often each is needed. */
  const known = new Map<string, number>();
  let ordered: string[] = [];
  const change = (secrets: readonly string[], by: 1 | -1) => {
    for (const form of secrets.filter(({ length }) => length >= secretCharactersMin).flatMap(formsOf)) {
      const count = (known.get(form) ?? 0) + by;
      if (count === 0) known.delete(form);
      else known.set(form, count);
    }
    ordered = [...known.keys()].sort((first, second) => second.length - first.length);
  };
  return {
    register: (secrets) => change(secrets, 1),
    keep(secrets) {
      let isKept = true;
      change(secrets, 1);
      return () => {
        if (isKept) change(secrets, -1);
        isKept = false;
      };
    },
    text(text) {
      let clean = text;
      for (const secret of ordered) clean = clean.replaceAll(secret, redacted);
      for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement);
      return clean;
    },
    hidesField(name) {
      return secretWord.test(name) && !harmless.has(name.replace(/[^a-z]/gi, "").toLowerCase());
    },
  };
}

/** As it stands in addresses, in JSON, and in headers. */
function formsOf(secret: string): string[] {
  const base64 = Buffer.from(secret).toString("base64");
  return [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), base64];
}

/** A bad day for the development platform: which requests it hits, and what happens to them. */
export interface Fault {
  /** `POST`; every method when left out. */
  method?: string;
  /** Below the base URL, `*` for one segment and `**` for any rest: `/accounts/*\/trades`. Every path when left out. */
  path?: string;
  /** So many matching requests go through first. */
  skip?: number;
  /** It hits so many; without `times` and `forMs` every one. */
  times?: number;
  /** It ends so long after it was set. */
  forMs?: number;
  /** Waits before anything else. */
  delayMs?: number;
  /** An answer in place of the real one. */
  status?: number;
  headers?: Record<string, string>;
  /** Of that answer; Laravel's own body for the status when left out. */
  body?: string;
  /** The request is processed all the same; its answer is lost. */
  after?: boolean;
  /** `cut`: the connection is closed without an answer. `html`, `empty`, `truncated`: 200 with such a body. */
  answer?: "cut" | "html" | "empty" | "truncated";
  /** A redirect to there. */
  redirect?: string;
}

interface ActiveFault {
  fault: Fault;
  setAtMs: number;
  matched: number;
}

export const faultFields: Record<keyof Fault, "string" | "number" | "boolean" | "object"> = {
  method: "string",
  path: "string",
  skip: "number",
  times: "number",
  forMs: "number",
  delayMs: "number",
  status: "number",
  headers: "object",
  body: "string",
  after: "boolean",
  answer: "string",
  redirect: "string",
};
const answers = ["cut", "html", "empty", "truncated"];

/** @throws {RangeError} what is wrong with it */
export function readFault(value: unknown): Fault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new RangeError("a fault is an object");
  for (const [field, given] of Object.entries(value)) {
    const kind = faultFields[field as keyof Fault];
    if (kind === undefined)
      throw new RangeError(`a fault has no ${field}; it has ${Object.keys(faultFields).join(", ")}`);
    if (typeof given !== kind || given === null) throw new RangeError(`${field} of a fault is a ${kind}`);
  }
  const fault = value as Fault;
  if (fault.answer !== undefined && !answers.includes(fault.answer)) {
    throw new RangeError(`answer of a fault is one of ${answers.join(", ")}`);
  }
  return fault;
}

export function makeFaults(nowMs: () => number) {
  let active: ActiveFault[] = [];
  return {
    add(fault: Fault): void {
      active.push({ fault, setAtMs: nowMs(), matched: 0 });
    },
    clear(): void {
      active = [];
    },
    list(): Fault[] {
      return active.map(({ fault }) => fault);
    },
    /** The first fault that hits this request. */
    take(method: string, path: string): Fault | null {
      for (const entry of active) {
        const { fault } = entry;
        if (fault.forMs !== undefined && nowMs() > entry.setAtMs + fault.forMs) continue;
        if (fault.method !== undefined && fault.method.toUpperCase() !== method) continue;
        if (fault.path !== undefined && !patternOf(fault.path).test(path)) continue;
        const skip = fault.skip ?? 0;
        if (fault.times !== undefined && entry.matched >= skip + fault.times) continue;
        entry.matched++;
        if (entry.matched > skip) return fault;
      }
      return null;
    },
  };
}

function patternOf(path: string): RegExp {
  const parts = path.split(/(\*\*|\*)/).map((part) => {
    if (part === "**") return ".*";
    return part === "*" ? "[^/]+" : RegExp.escape(part);
  });
  return new RegExp(`^${parts.join("")}$`);
}

/** What can go wrong on the way, one kind each. */
export type FaultKind =
  /** Any status with any body. */
  | { kind: "status"; status: number; body?: string; headers?: Record<string, string> }
  /** The venue's own form of an error, with this code. */
  | { kind: "error"; code: number | string; message: string; status?: number }
  /** A page for people, from something in front of the venue. */
  | { kind: "html"; status?: number }
  /** The venue is in maintenance, and its status says so. */
  | { kind: "maintenance" }
  /** The venue's "slow down", whatever was used. */
  | { kind: "rate-limited"; retryAfterSeconds?: number }
  /** Shut out from now on for so long: a real ban, that every later request meets. */
  | { kind: "banned"; forMs: number }
  /** Answers as always, but so many milliseconds of real time later. */
  | { kind: "delay"; ms: number }
  /** Answers as always, but after the promise. */
  | { kind: "gate"; until: Promise<void> }
  /** Never answers. */
  | { kind: "hang" }
  /** Headers and half the body, then silence. */
  | { kind: "hang-body" }
  /** Headers with the whole length, half the body, then the connection is closed. */
  | { kind: "half-body" }
  /** Half the body as if it were all. */
  | { kind: "cut-json" }
  | { kind: "empty" }
  /** The connection is reset before the venue has looked at the request. */
  | { kind: "reset" }
  /** The connection is reset after the venue counted the request. */
  | { kind: "reset-after" }
  | { kind: "redirect"; to: string };

export interface FaultMatch {
  /** A path that starts so, or the pattern of one; any when left out. */
  path?: string | RegExp;
  method?: string;
  apiKey?: string;
  /** Lets so many matching requests pass first. */
  skip?: number;
  /** Strikes so often; once when left out. `Number.POSITIVE_INFINITY`: until it is cleared. */
  times?: number;
}

export type Fault = FaultKind & FaultMatch;

export interface Faults {
  /** Returns what takes it back. */
  add: (fault: Fault) => () => void;
  clear: () => void;
  /** The first fault that strikes this request, counted; undefined: none. */
  take: (request: { path: string; method: string; apiKey: string | null }) => Fault | undefined;
  /** How many struck so far. */
  struck: () => number;
}

export function createFaults(): Faults {
  const list: { fault: Fault; skip: number; left: number }[] = [];
  let struck = 0;
  return {
    add: (fault) => {
      const entry = { fault, skip: fault.skip ?? 0, left: fault.times ?? 1 };
      list.push(entry);
      return () => {
        const index = list.indexOf(entry);
        if (index >= 0) list.splice(index, 1);
      };
    },
    clear: () => {
      list.length = 0;
    },
    struck: () => struck,
    take: (request) => {
      for (const entry of list) {
        if (entry.left <= 0 || !matches(entry.fault, request)) continue;
        if (entry.skip > 0) {
          entry.skip--;
          continue;
        }
        entry.left--;
        struck++;
        return entry.fault;
      }
      return undefined;
    },
  };
}

function matches(fault: FaultMatch, request: { path: string; method: string; apiKey: string | null }): boolean {
  if (fault.method !== undefined && fault.method !== request.method) return false;
  if (fault.apiKey !== undefined && fault.apiKey !== request.apiKey) return false;
  if (fault.path === undefined) return true;
  return typeof fault.path === "string" ? request.path.startsWith(fault.path) : fault.path.test(request.path);
}

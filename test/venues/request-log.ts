/** One request as the venue saw it. The signature is left out. */
export interface LoggedRequest {
  number: number;
  /** By the venue's clock. */
  atMs: number;
  method: string;
  path: string;
  parameters: Record<string, string>;
  apiKey: string | null;
  accountId: string | null;
  weight: number;
  uidWeight: number;
  /** 0: the connection was cut or nothing was answered. */
  status: number;
  ip: string;
  fault: string | null;
}

export interface RequestLog {
  entries: readonly LoggedRequest[];
  add: (entry: Omit<LoggedRequest, "number">) => void;
  clear: () => void;
  /** Those whose path starts so. */
  of: (path: string) => LoggedRequest[];
  count: (status: number) => number;
}

/** A run of the whole world must not fill the memory: beyond this the oldest go, the numbers go on. */
const entriesMax = 2_000_000;

export function createRequestLog(): RequestLog {
  const entries: LoggedRequest[] = [];
  let number = 0;
  return {
    entries,
    add: (entry) => {
      entries.push({ number: ++number, ...entry });
      if (entries.length > entriesMax) entries.splice(0, entriesMax / 10);
    },
    clear: () => {
      entries.length = 0;
    },
    of: (path) => entries.filter((entry) => entry.path.startsWith(path)),
    count: (status) => entries.filter((entry) => entry.status === status).length,
  };
}

import { formatTimestamp } from "../timestamp.ts";
import type { Account, Id, PlatformFile } from "../wire.ts";

/** An account as SQLite has it; `base_currency` and `timezone` are its user's. */
export interface AccountRow {
  account_id: Id;
  user_id: Id;
  broker: string;
  markets: string;
  label: string | null;
  status: Account["status"];
  import_status: Account["import_status"];
  base_currency: string;
  timezone: string;
  broker_timezone: string | null;
  cost_basis_method: Account["cost_basis_method"];
  import_from: string | null;
  credentials: string | null;
  credentials_version: number;
  fed_by_files: number;
  checkpoint: string | null;
  checkpoint_version: number;
  last_import_at: string | null;
  last_error: string | null;
  updated_at_ms: number;
}

export interface FileRow {
  file_id: Id;
  name: string;
  format: string | null;
  bytes: number;
  sha256: string;
  uploaded_at_ms: number;
}

export function accountOf(row: AccountRow, files: PlatformFile[] | null): Account {
  return {
    account_id: row.account_id,
    user_id: row.user_id,
    broker: row.broker,
    markets: JSON.parse(row.markets) as Account["markets"],
    label: row.label,
    status: row.status,
    import_status: row.import_status,
    base_currency: row.base_currency,
    timezone: row.timezone,
    broker_timezone: row.broker_timezone,
    cost_basis_method: row.cost_basis_method,
    import_from: row.import_from,
    credentials: jsonOrNull(row.credentials),
    credentials_version: row.credentials_version,
    source: files === null ? null : { kind: "file", files },
    checkpoint: jsonOrNull(row.checkpoint),
    checkpoint_version: row.checkpoint_version,
    last_import_at: row.last_import_at,
    last_error: jsonOrNull(row.last_error),
    updated_at: formatTimestamp(row.updated_at_ms),
  };
}

/** The link is good in this journal alone; `serve.ts` puts a signed one in its place. */
export function fileOf(row: FileRow): PlatformFile {
  return {
    file_id: row.file_id,
    name: row.name,
    format: row.format,
    bytes: row.bytes,
    sha256: row.sha256,
    uploaded_at: formatTimestamp(row.uploaded_at_ms),
    url: `journal:/files/${row.file_id}`,
  };
}

function jsonOrNull<T>(text: string | null): T | null {
  return text === null ? null : (JSON.parse(text) as T);
}

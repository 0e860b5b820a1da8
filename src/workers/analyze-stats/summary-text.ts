import type { User } from "../../journal/wire.ts";
import type { Shown } from "./result.ts";
export function renderSummary(user: User, _shown: Shown, _terminal: { columns: number; color: boolean }): string {
  return `User ${user.user_id}\n`;
}

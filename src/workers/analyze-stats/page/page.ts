import type { User } from "../../../journal/wire.ts";
import type { Shown } from "../result.ts";
export function renderPage(user: User, _shown: Shown): string {
  return `<!doctype html><title>${String(user.user_id)}</title>`;
}

import { type StartOptions, startVenue, type Venue } from "../start.ts";
import { okxApi } from "./api.ts";

/** OKX v5 on loopback, as far as its windows, its cursors and its ways of refusing go. */
export function startOkx(options: StartOptions = {}): Promise<Venue> {
  return startVenue(options, "okx", okxApi);
}

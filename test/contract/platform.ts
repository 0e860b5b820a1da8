import { type Platform, type PlatformSettings, servePlatform as serve } from "../../src/journal/serve.ts";
import { makeWatch, type Watched } from "./watch.ts";

export type { Platform, PlatformSettings };

/** The development platform, stopped with an error when a request or one of its answers was not by the contract. */
export function servePlatform(settings: PlatformSettings, watched: Watched = { onPurpose: false }): Platform {
  const watch = makeWatch(watched);
  const platform = serve({
    ...settings,
    onRequest: (request, answer) => {
      settings.onRequest?.(request, answer);
      const sent = { ...request, query: new URLSearchParams(request.query) };
      const { body = "" } = answer ?? {};
      if (answer === null) watch.seeRequest(sent);
      else watch.see({ ...sent, answer: { ...answer, body: typeof body === "string" ? body : "" } });
    },
  });
  return {
    ...platform,
    async stop() {
      await platform.stop();
      watch.verify();
    },
  };
}

import { makeWatch } from "./watch.ts";

/** Between a worker's process and a platform: sees that both keep to the contract, and can do something on the way. */
export interface Between {
  /** The base URL, in place of the platform's. */
  url: string;
  /** What went through: `POST /accounts/1/trades 200`. */
  log: string[];
  /** Called before a request is passed on. */
  before: (request: { method: string; path: string }) => Promise<void>;
  /** @throws {Error} a request or an answer was not by the contract */
  stop: () => Promise<void>;
}

export function startProxy(platformUrl: string): Between {
  const watch = makeWatch({ onPurpose: false });
  const target = new URL(platformUrl);
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    async fetch(request) {
      const url = new URL(request.url);
      const path = url.pathname.slice(target.pathname.length);
      const { method, headers } = request;
      const body = await request.text();
      await proxy.before({ method, path });
      // With the Host of the proxy, since links are made with it.
      const response = await fetch(`${target.origin}${url.pathname}${url.search}`, {
        method,
        headers,
        ...(body === "" ? {} : { body }),
        redirect: "manual",
        decompress: false,
      });
      const bytes = await response.arrayBuffer();
      const answer = { status: response.status, headers: response.headers, body: new TextDecoder().decode(bytes) };
      proxy.log.push(`${method} ${path} ${response.status}`);
      watch.see({ method, path, query: url.searchParams, headers, body, answer });
      return new Response(bytes, { status: response.status, headers: response.headers });
    },
  });
  const proxy: Between = {
    url: `http://127.0.0.1:${server.port}${target.pathname}`,
    log: [],
    before: async () => undefined,
    async stop() {
      await server.stop(true);
      watch.verify();
    },
  };
  return proxy;
}

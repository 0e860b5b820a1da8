import type { BunPlugin } from "bun";

interface Unused {
  module: RegExp;
  /** What its importers bind by name. */
  names: readonly string[];
  hasDefault: boolean;
}

/**
 * What ccxt imports and no exchange of ours calls: signatures of other venues, streams, Node's own HTTP. It is 45 % of what loading ccxt costs,
 * and one of it wants a package that is not installed. A stub throws when it is called.
 */
const unused: readonly Unused[] = [
  {
    module: /^@scure\/starknet$/,
    names: ["getStarkKey", "ethSigToPrivate", "sign", "pedersen", "keccak", "poseidonHashMany"],
    hasDefault: false,
  },
  { module: /zklink-sdk-web\.js$/, names: [], hasDefault: true },
  {
    module: /dydx-v4-client\//,
    names: [
      ...["Long", "registry", "TxRaw", "SignDoc", "SignMode", "AuthInfo", "TxBody", "Tx"],
      "MsgCreateClobPairResponse",
    ],
    hasDefault: false,
  },
  { module: /protobuf\/mexc\/compiled\.cjs$/, names: [], hasDefault: true },
  { module: /^undici$/, names: ["fetch", "Agent", "ProxyAgent"], hasDefault: false },
  { module: /^ws$/, names: ["createWebSocketStream"], hasDefault: true },
];

export const stubUnused: BunPlugin = {
  name: "stub-unused",
  setup(build) {
    for (const [index, { module, names, hasDefault }] of unused.entries()) {
      const namespace = `unused-${index}`;
      build.onResolve({ filter: module }, ({ path }) => ({ path, namespace }));
      build.onLoad({ filter: /.*/, namespace }, ({ path }) => {
        const refuse = `() => { throw new Error(${JSON.stringify(`${path} is not in this executable`)}); };\n`;
        const named = names.map((name) => `export const ${name} = ${refuse}`).join("");
        return { loader: "js", contents: named + (hasDefault ? `export default ${refuse}` : "") };
      });
    }
  },
};

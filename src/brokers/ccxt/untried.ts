import type { ExchangeClass, Venue } from "./exchange.ts";

/**
 * What ccxt has and nobody has tried here: all that it says it reads fills of, with a key, a secret and perhaps a passphrase. Left out are those that want
 * more than that, as a wallet's private key, those that list no markets without a key, and second names of exchanges that are read by files of our own. A literal path each, for the bundler.
 */
const spot: Venue["markets"] = ["spot"];
const both: Venue["markets"] = ["spot", "linear"];
const all: Venue["markets"] = ["spot", "linear", "inverse"];

/** Slower than any of them asks for: a request a second. */
const cautious = { pool: "address", weight: 10, windowMs: 10_000 };

export const untried: readonly Venue[] = [
  untested("apex", "Apex", ["linear"], () => import("#ccxt/apex.js")),
  untested("backpack", "Backpack", spot, () => import("#ccxt/backpack.js")),
  untested("bequant", "Bequant", all, () => import("#ccxt/bequant.js")),
  untested("bigone", "BigONE", all, () => import("#ccxt/bigone.js")),
  untested("binanceus", "Binance US", spot, () => import("#ccxt/binanceus.js")),
  untested("bingx", "BingX", all, () => import("#ccxt/bingx.js")),
  untested("bit2c", "Bit2C", spot, () => import("#ccxt/bit2c.js")),
  untested("bitbank", "bitbank", spot, () => import("#ccxt/bitbank.js")),
  untested("bitbns", "Bitbns", spot, () => import("#ccxt/bitbns.js")),
  untested("bitfinex", "Bitfinex", both, () => import("#ccxt/bitfinex.js")),
  untested("bitflyer", "bitFlyer", spot, () => import("#ccxt/bitflyer.js")),
  untested("bitopro", "BitoPro", spot, () => import("#ccxt/bitopro.js")),
  untested("bitrue", "Bitrue", all, () => import("#ccxt/bitrue.js")),
  untested("bitso", "Bitso", spot, () => import("#ccxt/bitso.js")),
  untested("bitstamp", "Bitstamp", spot, () => import("#ccxt/bitstamp.js")),
  untested("bitteam", "BIT.TEAM", spot, () => import("#ccxt/bitteam.js")),
  untested("bittrade", "BitTrade", spot, () => import("#ccxt/bittrade.js")),
  untested("bitvavo", "Bitvavo", spot, () => import("#ccxt/bitvavo.js")),
  untested("blofin", "BloFin", both, () => import("#ccxt/blofin.js")),
  untested("btcmarkets", "BTC Markets", spot, () => import("#ccxt/btcmarkets.js")),
  untested("btcturk", "BTCTurk", spot, () => import("#ccxt/btcturk.js")),
  untested("btse", "BTSE", both, () => import("#ccxt/btse.js")),
  untested("bullish", "Bullish", both, () => import("#ccxt/bullish.js")),
  untested("bybiteu", "Bybit EU", all, () => import("#ccxt/bybiteu.js")),
  untested("bybitid", "Bybit Indonesia", all, () => import("#ccxt/bybitid.js")),
  untested("bydfi", "BYDFi", ["linear"], () => import("#ccxt/bydfi.js")),
  untested("coinbaseexchange", "Coinbase Exchange", spot, () => import("#ccxt/coinbaseexchange.js")),
  untested("coinbaseinternational", "Coinbase International", all, () => import("#ccxt/coinbaseinternational.js")),
  untested("coincheck", "Coincheck", spot, () => import("#ccxt/coincheck.js")),
  untested("coinex", "CoinEx", all, () => import("#ccxt/coinex.js")),
  untested("coinone", "CoinOne", spot, () => import("#ccxt/coinone.js")),
  untested("coinsph", "Coins.ph", spot, () => import("#ccxt/coinsph.js")),
  untested("coinspot", "CoinSpot", spot, () => import("#ccxt/coinspot.js")),
  untested("cryptocom", "Crypto.com", all, () => import("#ccxt/cryptocom.js")),
  untested("deepcoin", "DeepCoin", all, () => import("#ccxt/deepcoin.js")),
  untested("delta", "Delta Exchange", all, () => import("#ccxt/delta.js")),
  untested("deribit", "Deribit", all, () => import("#ccxt/deribit.js")),
  untested("digifinex", "DigiFinex", all, () => import("#ccxt/digifinex.js")),
  untested("fmfwio", "FMFW.io", all, () => import("#ccxt/fmfwio.js")),
  untested("foxbit", "Foxbit", spot, () => import("#ccxt/foxbit.js")),
  untested("gateeu", "Gate EU", all, () => import("#ccxt/gateeu.js")),
  untested("gemini", "Gemini", both, () => import("#ccxt/gemini.js")),
  untested("hashkey", "HashKey Global", both, () => import("#ccxt/hashkey.js")),
  untested("hitbtc", "HitBTC", all, () => import("#ccxt/hitbtc.js")),
  untested("hollaex", "HollaEx", spot, () => import("#ccxt/hollaex.js")),
  untested("htx", "HTX", all, () => import("#ccxt/htx.js")),
  untested("independentreserve", "Independent Reserve", spot, () => import("#ccxt/independentreserve.js")),
  untested("krakenfutures", "Kraken Futures", ["linear", "inverse"], () => import("#ccxt/krakenfutures.js")),
  untested("latoken", "Latoken", spot, () => import("#ccxt/latoken.js")),
  untested("lbank", "LBank", both, () => import("#ccxt/lbank.js")),
  untested("luno", "Luno", spot, () => import("#ccxt/luno.js")),
  untested("myokx", "MyOKX (EEA)", spot, () => import("#ccxt/myokx.js")),
  untested("okxus", "OKX (US)", all, () => import("#ccxt/okxus.js")),
  untested("onetrading", "One Trading", spot, () => import("#ccxt/onetrading.js")),
  untested("p2b", "P2B", spot, () => import("#ccxt/p2b.js")),
  untested("phemex", "Phemex", all, () => import("#ccxt/phemex.js")),
  untested("poloniex", "Poloniex", all, () => import("#ccxt/poloniex.js")),
  untested("tokocrypto", "Tokocrypto", spot, () => import("#ccxt/tokocrypto.js")),
  untested("toobit", "Toobit", spot, () => import("#ccxt/toobit.js")),
  untested("weex", "Weex", both, () => import("#ccxt/weex.js")),
  untested("whitebit", "WhiteBIT", all, () => import("#ccxt/whitebit.js")),
  untested("woo", "WOO X", both, () => import("#ccxt/woo.js")),
  untested("xt", "XT", all, () => import("#ccxt/xt.js")),
];

function untested(
  id: string,
  title: string,
  markets: Venue["markets"],
  load: () => Promise<{ default: ExchangeClass }>,
): Venue {
  return {
    id,
    title,
    markets,
    statedPnl: null,
    tested: false,
    limits: [cautious],
    load: async () => (await import("./untested.ts")).untestedExchange({ id, title }, load),
  };
}

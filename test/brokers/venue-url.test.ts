import { expect, test } from "bun:test";
import { atVenue, venueUrlOf, venueUrlVariable } from "../../src/brokers/venue-url.ts";

test("one variable a venue", () => {
  expect(venueUrlVariable("binance")).toBe("VENUE_URL_BINANCE");
  expect(venueUrlVariable("binance-us")).toBe("VENUE_URL_BINANCE_US");
  expect(venueUrlOf("binance", {})).toBeNull();
  expect(venueUrlOf("binance", { VENUE_URL_BINANCE: " " })).toBeNull();
  expect(venueUrlOf("binance", { VENUE_URL_BINANCE: "http://127.0.0.1:9000/" })).toBe("http://127.0.0.1:9000");
  expect(venueUrlOf("okx", { VENUE_URL_BINANCE: "http://127.0.0.1:9000/" })).toBeNull();
});

test.each([
  "http://10.0.0.2:9000",
  "ftp://127.0.0.1",
  "127.0.0.1:9000",
  "https://a:b@example.com",
  "https://example.com/?a=1",
])("refuses %s", (text) => {
  expect(() => venueUrlOf("binance", { VENUE_URL_BINANCE: text })).toThrow("VENUE_URL_BINANCE is not an address");
});

test("all hosts go to one address, with their paths", () => {
  const at = "http://127.0.0.1:9000";
  expect(atVenue("https://fapi.binance.com/fapi/v1/income", at)).toBe("http://127.0.0.1:9000/fapi/v1/income");
  expect(atVenue("https://api.binance.com/api/v3/time", "https://mirror.example/eu")).toBe(
    "https://mirror.example/eu/api/v3/time",
  );
  expect(atVenue("https://api.binance.com/api/v3/time", null)).toBe("https://api.binance.com/api/v3/time");
});

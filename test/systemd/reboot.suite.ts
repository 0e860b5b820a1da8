import { expect, test } from "bun:test";
import { must } from "./machine.ts";

test("after a reboot", async () => {
  expect(await must("systemctl", "is-active", "ami-workers-import-trades.timer")).toBe("active\n");
});

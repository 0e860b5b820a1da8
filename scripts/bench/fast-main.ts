/** The program as it is, under a clock that runs faster. */
import "./fast-clock.ts";

await import("../../src/main.ts");

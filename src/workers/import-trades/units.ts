import service from "../../../units/import-trades.service" with { type: "text" };
import timer from "../../../units/import-trades.timer" with { type: "text" };
import type { UnitTexts } from "../worker.ts";

export const units: UnitTexts = { service, timer };

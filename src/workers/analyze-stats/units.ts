import service from "../../../units/analyze-stats.service" with { type: "text" };
import timer from "../../../units/analyze-stats.timer" with { type: "text" };
import type { UnitTexts } from "../worker.ts";

export const units: UnitTexts = { service, timer };

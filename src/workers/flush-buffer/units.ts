import service from "../../../units/flush-buffer.service" with { type: "text" };
import type { UnitTexts } from "../worker.ts";

export const units: UnitTexts = { service };

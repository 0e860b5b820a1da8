import service from "../../../units/doctor.service" with { type: "text" };
import timer from "../../../units/doctor.timer" with { type: "text" };
import type { UnitTexts } from "../worker.ts";

export const units: UnitTexts = { service, timer };

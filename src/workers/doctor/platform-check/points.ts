import { abilityPoints } from "./abilities.ts";
import { accountPoints } from "./accounts.ts";
import { batchPoints } from "./batches.ts";
import { checkpointPoints } from "./checkpoints.ts";
import { connectionPoints } from "./connection.ts";
import { filePoints } from "./files.ts";
import { idempotencyPoints } from "./idempotency.ts";
import { limitPoints } from "./limits.ts";
import { listPoints } from "./lists.ts";
import type { Area, Point } from "./point.ts";
import { ratePoints } from "./rate.ts";
import { reportPoints } from "./reports.ts";
import { revisionPoints } from "./revisions.ts";
import { statisticsPoints } from "./statistics.ts";
import { statusPoints } from "./status.ts";

/** All that is checked, in the order of `areas`. */
export const points: Readonly<Record<Area, readonly Point[]>> = {
  connection: connectionPoints,
  abilities: abilityPoints,
  accounts: accountPoints,
  batches: batchPoints,
  idempotency: idempotencyPoints,
  revisions: revisionPoints,
  checkpoints: checkpointPoints,
  lists: listPoints,
  status: statusPoints,
  statistics: statisticsPoints,
  reports: reportPoints,
  files: filePoints,
  limits: limitPoints,
  rate: ratePoints,
};

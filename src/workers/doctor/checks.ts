import type { Check } from "./check.ts";
import { alertChecks } from "./checks/alerts.ts";
import { brokerChecks } from "./checks/brokers.ts";
import { bufferChecks } from "./checks/buffer.ts";
import { clockChecks } from "./checks/clock.ts";
import { configurationChecks } from "./checks/configuration.ts";
import { diskChecks } from "./checks/disk.ts";
import { fileChecks } from "./checks/files.ts";
import { hostChecks } from "./checks/host.ts";
import { platformChecks } from "./checks/platform.ts";
import { timerChecks } from "./checks/timers.ts";
import { workerChecks } from "./checks/workers.ts";

export const checks: readonly Check[] = [
  ...configurationChecks,
  ...platformChecks,
  ...clockChecks,
  ...brokerChecks,
  ...diskChecks,
  ...bufferChecks,
  ...workerChecks,
  ...timerChecks,
  ...fileChecks,
  ...alertChecks,
  ...hostChecks,
];

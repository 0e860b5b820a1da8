import { hostname } from "node:os";
import type { Config } from "../../config.ts";
import type { Context } from "../../context.ts";
import { Buffer } from "../../delivery/buffer.ts";
import { type FlushCounts, flushBuffer } from "../../delivery/flush.ts";
import { Failure } from "../../errors.ts";
import { lockWorker } from "../../operation/lock.ts";
import { ownerOf, refuseForeignUser } from "../../operation/ownership.ts";
import { openProgress } from "../../operation/progress.ts";
import { watchRun } from "../../operation/watch.ts";
import { openJournal } from "../import-trades/open-journal.ts";
import type { FlushArgs } from "./command.ts";
import { choose, type Found, findAll, idOf, isBatch } from "./found.ts";
import { showCounts, showList, showOne, toJson } from "./output.ts";

/** Whoever changes the buffer holds this lock, so that no other run sends the same file. */
const lockedWorker = "trade_importer";
const workerName = "buffer_flusher";

/** @throws {Failure} with the exit code, when it is not 0 */
export async function runFlushBuffer(args: FlushArgs, config: Config, context: Context): Promise<void> {
  refuseContradictions(args);
  if (!args.list && args.show === undefined) refuseForeignUser(config.dataDir, "flush-buffer");
  const { clock, log } = context;
  // As the worker sees it, also when root looks.
  const look = new Buffer(config.dataDir, { clock, log, uid: ownerOf(config.dataDir) });
  if (args.list) return list(look, args, context);
  if (args.show !== undefined) return show(look, args.show, args, context);
  if (args.drop !== undefined) return await drop(args.drop, args, config, context);
  return await flush(args, config, context);
}

function refuseContradictions({ list, show, retryFailed, drop, yes }: FlushArgs): void {
  const wanted = [
    list && "--list",
    show !== undefined && "--show",
    retryFailed !== undefined && "--retry-failed",
    drop !== undefined && "--drop",
  ].filter((option) => option !== false);
  const wrong = (message: string, hint: string) => new Failure("usage", message, { code: "usage", hint });
  if (wanted.length > 1) throw wrong(`${wanted.join(" and ")} cannot be had together.`, "Call it once for each.");
  if (yes && drop === undefined) throw wrong("--yes belongs to --drop.", "Leave it out.");
  if (drop?.length === 0) throw wrong("--drop needs an id.", "Write --drop <id>; --list shows them.");
}

function list(buffer: Buffer, { json }: FlushArgs, context: Context): void {
  const all = findAll(buffer);
  if (!json) {
    showList(all, context);
    return;
  }
  const { totals, limits, freeBytes, full } = buffer.state();
  const room = {
    files: totals.files,
    files_max: limits.filesMax,
    bytes: totals.bytes,
    bytes_max: limits.bytesMax,
    free_bytes: freeBytes,
    full,
  };
  writeJson({ batches: all.map(toJson), room }, context);
}

function show(buffer: Buffer, id: string, { json }: FlushArgs, context: Context): void {
  const found = choose(findAll(buffer), id);
  const batch = isBatch(found) ? buffer.peek(found) : null;
  if (!json) showOne(found, batch, context);
  else writeJson({ batch: { ...toJson(found), body: batch === null ? null : JSON.parse(batch.body) } }, context);
}

async function drop(ids: readonly string[], args: FlushArgs, config: Config, context: Context): Promise<void> {
  using _lock = args.dryRun || !args.yes ? null : await lockWorker(lockedWorker, args.lockWait, config, context);
  const buffer = openBuffer(config, context);
  const chosen = chooseAll(findAll(buffer), ids);
  const dropped = !args.dryRun && args.yes;
  for (const found of dropped ? chosen : []) {
    buffer.drop(found);
    context.log.warning("batch_dropped", { ...toJson(found) });
  }
  if (args.json) writeJson({ dropped: dropped ? chosen.map(toJson) : [], chosen: chosen.map(toJson) }, context);
  else if (dropped) context.terminal.write(`${chosen.length} deleted: ${chosen.map(idOf).join(", ")}\n`);
  else showList(chosen, context);
  if (dropped || args.dryRun) return;
  throw new Failure("usage", `Nothing was deleted: what ${ids.join(" ")} means is shown above.`, {
    code: "confirmation_needed",
    hint: "Add --yes to delete it for good.",
  });
}

function chooseAll(all: readonly Found[], ids: readonly string[]): Found[] {
  return [...new Set(ids.map((id) => choose(all, id)))];
}

async function flush(args: FlushArgs, config: Config, context: Context): Promise<void> {
  const buffer = openBuffer(config, context);
  const retried = retriedOf(args, buffer);
  if (args.dryRun) return tellPlan(args, [...buffer.look("pending").entries, ...retried], context);
  // Where nothing waits the lock is left to whoever has work.
  if (retried.length === 0 && buffer.look("pending").entries.length === 0) {
    return tell({ delivered: 0, dropped: 0, failed: 0, waiting: 0 }, args, context);
  }
  const runId = context.uuid();
  const lock = () => lockWorker(lockedWorker, args.lockWait, config, context);
  const options = {
    worker: workerName,
    alertsOf: lockedWorker,
    runId,
    config,
    intervalMinutes: null,
    pings: false,
    lock,
  };
  await watchRun(options, context, async (watch) => {
    watch.buffer = () => buffer.state();
    await flushLocked(args, config, context);
  });
}

async function flushLocked(args: FlushArgs, config: Config, context: Context): Promise<void> {
  const { clock, log, signal } = context;
  const workerId = `ami-workers@${hostname()}:${process.pid}`;
  const { journal } = await openJournal({ config, workerId, dryRun: false }, context);
  const progress = openProgress(context.terminal, clock);
  try {
    progress.update("Asking the platform");
    await journal.ping();
    const buffer = new Buffer(config.dataDir, { clock, log, platform: journal.name });
    buffer.sweep();
    for (const entry of retriedOf(args, buffer)) buffer.retry(entry);
    const result = await flushBuffer({
      journal,
      buffer,
      log,
      uuid: context.uuid,
      signal,
      anyPlatform: args.anyPlatform,
      onProgress: (done, of) => progress.update(`${done} of ${of} batches`),
    });
    progress.clear();
    const { stopped, ...counts } = result;
    log.info("buffer_flushed", { ...counts });
    tell(counts, args, context);
    if (stopped !== null && !(signal.aborted && stopped.detail.code === "interrupted")) throw stopped;
    if (!signal.aborted && counts.failed + counts.waiting > 0) {
      throw new Failure("some", `${counts.waiting} batches wait on, ${counts.failed} went to failed/.`, {
        code: "some_undelivered",
        hint: "ami-workers flush-buffer --list shows why.",
      });
    }
  } finally {
    progress.clear();
    journal.close();
  }
}

function retriedOf({ retryFailed }: FlushArgs, buffer: Buffer) {
  if (retryFailed === undefined) return [];
  const { entries } = buffer.failed();
  if (retryFailed.length === 0) return entries;
  const all = entries.map((entry) => ({ ...entry, state: "failed" as const }));
  return chooseAll(all, retryFailed).filter(isBatch);
}

function openBuffer({ dataDir }: Config, { clock, log }: Context): Buffer {
  return new Buffer(dataDir, { clock, log });
}

function tellPlan({ json }: FlushArgs, entries: readonly { key: string }[], context: Context): void {
  if (json) writeJson({ dry_run: true, would_send: entries.map(({ key }) => key) }, context);
  else context.terminal.write(`Dry run: ${entries.length} batches would be sent.\n`);
}

function tell(counts: FlushCounts, { json }: FlushArgs, context: Context): void {
  if (json) writeJson({ ...counts }, context);
  else if (context.terminal.interactive) showCounts(counts, context);
}

function writeJson(result: Record<string, unknown>, { terminal }: Context): void {
  terminal.write(`${JSON.stringify({ schema: 1, command: "flush-buffer", ...result })}\n`);
}

// Which partition is read next.
//   Order of reading is part of the result behind an exchange, so where inputs are bounded it is a function of positions alone: partitions take turns
//   of `turnRecords` records, counted from their very first one. Live partitions with nothing to read are passed over.
import type { Batch } from "../record.ts";
import type { PartitionTask } from "./task.ts";

/** Records of one turn. */
export const turnRecords = 1_024;

/** One partition as the scheduler sees it. */
export interface Slot {
  readonly task: PartitionTask;
  /** Order among equals: source, then partition. */
  readonly rank: number;
  /** Its source is bounded and deterministic: it is waited for. */
  readonly strict: boolean;
  /** The last poll found nothing. */
  isIdle: boolean;
  /** It has reached the positions up to which a sink is ahead, and waits for the others. */
  isParked: boolean;
  /** What is left of a batch that was cut where a replay ended. */
  rest: Batch | undefined;
}

/** What may be read next: a partition, a wait for one, or nothing at all. */
export type Choice = { readonly slot: Slot; readonly maxRecords: number } | "wait" | "done";

/** What the choice depends on besides the partitions. */
export interface ScheduleOptions {
  readonly maxRecords: number;
  readonly maxDriftMs: number;
  /** All sources end by themselves: without a partition there is nothing to wait for. */
  readonly isBounded: boolean;
}

/** Chooses the partition whose turn it is. */
export function chooseNext(slots: readonly Slot[], options: ScheduleOptions): Choice {
  const [only] = slots;
  if (only === undefined || slots.length > 1 || only.task.ended) return chooseAmong(slots, options);
  // The only one is ahead of none, and takes no turns.
  return only.isParked || only.isIdle ? "wait" : { slot: only, maxRecords: options.maxRecords };
}

function chooseAmong(slots: readonly Slot[], options: ScheduleOptions): Choice {
  const open = slots.filter((slot) => !slot.task.ended);
  if (open.length === 0) return slots.length > 0 || options.isBounded ? "done" : "wait";
  const ahead = heldBack(open, options.maxDriftMs);
  let best: Slot | undefined;
  for (const slot of open) {
    if (slot.isParked || ahead.has(slot) || (slot.isIdle && !slot.strict)) continue;
    if (best === undefined || before(slot, best)) best = slot;
  }
  if (best === undefined || best.isIdle) return "wait";
  const left = turnRecords - (best.task.ordinal % turnRecords);
  return { slot: best, maxRecords: Math.min(options.maxRecords, left) };
}

function before(a: Slot, b: Slot): boolean {
  const turnA = Math.floor(a.task.ordinal / turnRecords);
  const turnB = Math.floor(b.task.ordinal / turnRecords);
  return turnA === turnB ? a.rank < b.rank : turnA < turnB;
}

/** Partitions further ahead in event time than the slowest one allows. */
function heldBack(open: readonly Slot[], maxDriftMs: number): ReadonlySet<Slot> {
  const held = new Set<Slot>();
  if (maxDriftMs === Infinity || open.length < 2) return held;
  // A parked partition waits for the others, so it must not hold them. One that is waited for counts also while it loads: else the order would depend on timing.
  const moving = open.filter((slot) => !slot.isParked && (!slot.isIdle || slot.strict));
  const slowest = Math.min(...moving.map((slot) => slot.task.watermarkMs));
  for (const slot of open) if (slot.task.watermarkMs > slowest + maxDriftMs) held.add(slot);
  return held;
}

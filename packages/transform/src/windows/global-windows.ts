// One window per key that never ends: it fires by its early triggers, and once more at the end of a bounded input.
import type { KeyedTable, Operator, Serializer } from "@streamflow/core";
import type { AggregateSet } from "../aggregate-set.ts";
import { isOver, type Mortal, touch } from "../lifetime.ts";
import { endOfTimeMs, type FiringCause, nextTickMs } from "../trigger.ts";
import { boundsOf, type Extent, stretch } from "./extent.ts";
import { type Cell, cellSerializer, inputsOrReject, type WindowParts } from "./window-parts.ts";

interface GlobalCell extends Cell, Extent, Mortal {}

function globalSerializer(set: AggregateSet): Serializer<GlobalCell> {
  const cells = cellSerializer(set);
  return {
    name: `global:${cells.name}`,
    version: cells.version,
    write(cell, out) {
      for (const value of [cell.minMs, cell.maxMs, cell.latestMs]) out.number(value);
      cells.write(cell, out);
    },
    read(from, stored) {
      const [minMs, maxMs, latestMs] = [from.number(), from.number(), from.number()];
      return { minMs, maxMs, latestMs, ...cells.read(from, stored) };
    },
  };
}

/** The operator of global windows. */
export class GlobalWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #table: KeyedTable<GlobalCell>;
  #processingTimerSet = false;

  constructor(parts: WindowParts) {
    this.#parts = parts;
    this.#table = parts.context.state.table("global", globalSerializer(parts.set));
    parts.context.timers.setEvent(endOfTimeMs, 0);
    this.inputs = [(record) => this.#push(record)];
  }

  restored(): void {
    this.#table.forEach(0, (_key, { pending }) => {
      if (pending > 0) this.#armProcessing();
    });
  }

  /** The end of the input. */
  onTimer(): void {
    this.#table.forEach(0, (key, cell) => {
      if (cell.pending > 0 || this.#parts.mode === "accumulating") this.#fire(key, cell, "onTime");
    });
    this.#table.drop(0);
  }

  onKeyTimer(timeMs: number, key: unknown): void {
    const { context, ttlMs } = this.#parts;
    const cell = this.#table.edit(0, key);
    if (cell === undefined) return;
    if (isOver(cell, ttlMs, { timeMs, key, timers: context.timers })) {
      if (cell.pending > 0) this.#fire(key, cell, "onTime");
      this.#table.delete(0, key);
      return;
    }
    if (this.#isTick(timeMs) && cell.pending > 0) this.#fire(key, cell, "early");
  }

  onProcessingTimer(): void {
    this.#processingTimerSet = false;
    this.#table.forEach(0, (key, cell) => {
      if (cell.pending > 0) this.#fire(key, this.#table.edit(0, key) ?? cell, "early");
    });
  }

  #isTick(timeMs: number): boolean {
    const { everyMs } = this.#parts.early;
    return everyMs !== undefined && nextTickMs(timeMs - 1, everyMs) === timeMs;
  }

  #push(record: unknown): void {
    const { set, context, early } = this.#parts;
    const { key, timestampMs } = context.cursor;
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const cell = this.#table.edit(0, key) ?? this.#newCell(key);
    set.add(cell.accumulators, inputs, 0);
    stretch(cell, timestampMs);
    cell.pending++;
    touch(cell, context, this.#parts.ttlMs);
    if (cell.pending === early.count) this.#fire(key, cell, "early");
    else this.#arm(key, timestampMs);
  }

  #newCell(key: unknown): GlobalCell {
    const cell: GlobalCell = { accumulators: this.#parts.set.create(), pending: 0, ordinal: 0, minMs: Infinity, maxMs: -Infinity, latestMs: -Infinity };
    this.#table.set(0, key, cell);
    return cell;
  }

  /** Sets the early timers of a key that has something new: the next tick after the record and the watermark. */
  #arm(key: unknown, timestampMs: number): void {
    const { context, early } = this.#parts;
    if (early.everyProcessingMs !== undefined) this.#armProcessing();
    if (early.everyMs === undefined || Number.isNaN(timestampMs)) return;
    context.timers.setEventForKey(nextTickMs(Math.max(context.time.watermarkMs, timestampMs - 1), early.everyMs), key);
  }

  #armProcessing(): void {
    const { context, early } = this.#parts;
    if (early.everyProcessingMs === undefined || this.#processingTimerSet) return;
    this.#processingTimerSet = true;
    context.timers.setProcessing(context.clock.nowMs() + early.everyProcessingMs, 0);
  }

  #fire(key: unknown, cell: GlobalCell, cause: FiringCause): void {
    const { mode, output, set } = this.#parts;
    const { accumulators } = cell;
    const bounds = boundsOf(cell);
    cell.pending = 0;
    if (mode === "discarding") Object.assign(cell, { accumulators: set.create(), minMs: Infinity, maxMs: -Infinity });
    output.fire(accumulators, { key, ...bounds, cause });
  }
}

// Windows over event time, one cell of state per window and key.
//   W1. A window [start, end) fires when the watermark reaches end − 1, and its state goes at end − 1 + allowed lateness.
//   W2. A record is late when every window that it belongs to is gone; else it counts in those that are not.
//   W3. A record that comes after its window fired fires it again at once, for its key alone.
//   W4. Discarding: a key's cell is removed when it fires, so that what a cell holds has never fired.
import type { KeyedTable, Operator } from "@streamflow/core";
import { type FiringCause, nextTickMs } from "../trigger.ts";
import { AlignedWindows, type WindowAssigner } from "./assigners.ts";
import { type Cell, cellOf, cellSerializer, hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";

/** The operator of tumbling windows, of custom ones, and of sliding ones that fire early. */
export class TimeWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #assigner: WindowAssigner;
  readonly #cells: KeyedTable<Cell>;
  readonly #late: (record: unknown) => void;
  readonly #hasEarly: boolean;
  /** Starts of windows whose timers are set. */
  readonly #open = new Set<number>();
  /** Starts of windows with a processing timer. */
  readonly #armed = new Set<number>();
  /** The window of the last record, [start, end), where windows do not overlap; NaN: none that is known to be open. */
  #startMs = NaN;
  #endMs = NaN;

  constructor(parts: WindowParts, assigner: WindowAssigner) {
    this.#parts = parts;
    this.#assigner = assigner;
    this.#cells = parts.context.state.table("windows", cellSerializer(parts.set));
    this.#late = parts.context.output("late");
    this.#hasEarly = Object.keys(parts.early).length > 0;
    this.inputs = [assigner instanceof AlignedWindows && assigner.slideMs === assigner.sizeMs ? this.#tumblingInput(assigner) : (record) => this.#push(record)];
  }

  restored(): void {
    for (const startMs of this.#cells.namespaces()) {
      this.#openWindow(startMs, this.#assigner.endOf(startMs) - 1);
      let pending = false;
      this.#cells.forEach(startMs, (_key, cell) => void (pending ||= cell.pending > 0));
      if (pending) this.#arm(startMs);
    }
  }

  onTimer(timeMs: number, startMs: number): void {
    const lastMs = this.#assigner.endOf(startMs) - 1;
    if (timeMs < lastMs) this.#fireAll(startMs, "early");
    if (timeMs === lastMs) this.#fireAll(startMs, "onTime");
    if (timeMs < lastMs + this.#parts.allowedLatenessMs) return;
    this.#cells.drop(startMs);
    this.#open.delete(startMs);
    if (startMs === this.#startMs) this.#startMs = this.#endMs = NaN;
    this.#armed.delete(startMs);
  }

  onProcessingTimer(_timeMs: number, startMs: number): void {
    if (this.#armed.delete(startMs)) this.#fireAll(startMs, "early");
  }

  /** As `#push`, where every time has one window: nothing is made or looked up for a record but its cell. */
  #tumblingInput(windows: AlignedWindows): (record: unknown) => void {
    const { set, allowedLatenessMs, context } = this.#parts;
    const { cursor, time } = context;
    const early = this.#parts.early.count;
    return (record) => {
      const { timestampMs, key } = cursor;
      let startMs = this.#startMs;
      let endMs = this.#endMs;
      const isKnown = timestampMs >= startMs && timestampMs < endMs;
      if (!isKnown) {
        if (!hasTimeOrReject(this.#parts, record)) return;
        startMs = windows.startOf(timestampMs);
        endMs = startMs + windows.sizeMs;
      }
      if (endMs - 1 + allowedLatenessMs <= time.watermarkMs) return this.#late(record);
      const inputs = inputsOrReject(this.#parts, record);
      if (inputs === undefined) return;
      const cell = cellOf(this.#cells, startMs, key, set);
      set.add(cell.accumulators, inputs, 0);
      cell.pending++;
      if (!isKnown) {
        this.#openWindow(startMs, endMs - 1);
        this.#startMs = startMs;
        this.#endMs = endMs;
      }
      if (endMs - 1 <= time.watermarkMs) this.#fire(startMs, key, cell, "late");
      else if (cell.pending === early) this.#fire(startMs, key, cell, "early");
      else if (this.#hasEarly) this.#arm(startMs);
    };
  }

  #push(record: unknown): void {
    const { context, allowedLatenessMs } = this.#parts;
    if (!hasTimeOrReject(this.#parts, record)) return;
    const { watermarkMs } = context.time;
    const windows = this.#assigner.assign(context.cursor.timestampMs);
    const isOpen = ({ endMs }: { endMs: number }): boolean => endMs - 1 + allowedLatenessMs > watermarkMs;
    if (!windows.some(isOpen)) {
      if (windows.length > 0) this.#late(record);
      return;
    }
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    for (const window of windows) if (isOpen(window)) this.#add(window.startMs, window.endMs - 1, inputs);
  }

  #add(startMs: number, lastMs: number, inputs: readonly unknown[]): void {
    const { context, set, early } = this.#parts;
    const { key } = context.cursor;
    const cell = cellOf(this.#cells, startMs, key, set);
    set.add(cell.accumulators, inputs, 0);
    cell.pending++;
    this.#openWindow(startMs, lastMs);
    if (lastMs <= context.time.watermarkMs) this.#fire(startMs, key, cell, "late");
    else if (cell.pending === early.count) this.#fire(startMs, key, cell, "early");
    else if (this.#hasEarly) this.#arm(startMs);
  }

  #openWindow(startMs: number, lastMs: number): void {
    if (this.#open.has(startMs)) return;
    this.#open.add(startMs);
    const { context, allowedLatenessMs } = this.#parts;
    if (lastMs > context.time.watermarkMs) context.timers.setEvent(lastMs, startMs);
    if (allowedLatenessMs > 0) context.timers.setEvent(lastMs + allowedLatenessMs, startMs);
  }

  /** Sets the early timers of a window that has something new. */
  #arm(startMs: number): void {
    const { context, early } = this.#parts;
    const { watermarkMs } = context.time;
    const lastMs = this.#assigner.endOf(startMs) - 1;
    if (lastMs <= watermarkMs) return;
    if (early.everyMs !== undefined) {
      const tickMs = nextTickMs(Math.max(watermarkMs, startMs - 1), early.everyMs);
      if (tickMs < lastMs) context.timers.setEvent(tickMs, startMs);
    }
    if (early.everyProcessingMs !== undefined && !this.#armed.has(startMs)) {
      this.#armed.add(startMs);
      context.timers.setProcessing(context.clock.nowMs() + early.everyProcessingMs, startMs);
    }
  }

  #fireAll(startMs: number, cause: FiringCause): void {
    const always = cause === "onTime" && this.#parts.mode === "accumulating";
    this.#cells.forEach(startMs, (key, cell) => {
      if (always || cell.pending > 0) this.#fire(startMs, key, cell, cause);
    });
  }

  #fire(startMs: number, key: unknown, cell: Cell, cause: FiringCause): void {
    const { output, mode } = this.#parts;
    if (mode === "discarding") this.#cells.delete(startMs, key);
    else if (cell.pending > 0) (this.#cells.edit(startMs, key) ?? cell).pending = 0;
    output.fire(cell.accumulators, { key, startMs, endMs: this.#assigner.endOf(startMs), cause });
  }
}

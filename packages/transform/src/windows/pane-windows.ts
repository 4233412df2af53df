// Sliding windows over event time that share panes: a record is added once, and a window merges its panes when it fires.
//   P1. Panes are as long as the greatest common divisor of size and slide, and aligned so that every window is made of whole ones.
//   P2. A pane's state goes with the last window that holds it.
//   P3. The slide is less than the size: there are no gaps, every time has a window.
//   P4. Firing, lateness and late records are those of time-windows.ts (W1–W3); windows.test.ts holds both to one model.
// Not here: early firings, which need counts per window. A running total per key with subtract-on-evict could replace `#merged` alone.
import type { KeyedTable, Operator } from "@streamflow/core";
import { canonicalKey } from "@streamflow/core";
import type { Accumulators } from "../aggregate-set.ts";
import type { FiringCause } from "../trigger.ts";
import { type AlignedWindows, floorMod, gcd } from "./assigners.ts";
import { type Cell, cellOf, cellSerializer, hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";

/** The operator of sliding windows without early firings. */
export class PaneWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: AlignedWindows;
  readonly #paneMs: number;
  readonly #cells: KeyedTable<Cell>;
  /** Starts of the panes that hold something, ascending. */
  #panes: number[] = [];
  /** Grows with every record, so that what panes hold can be merged in order of arrival. */
  #ordinal = 0;

  constructor(parts: WindowParts, windows: AlignedWindows) {
    this.#parts = parts;
    this.#windows = windows;
    this.#paneMs = gcd(windows.sizeMs, windows.slideMs);
    this.#cells = parts.context.state.table("panes", cellSerializer(parts.set));
    const late = parts.context.output("late");
    this.inputs = [(record) => this.#push(record, late)];
  }

  restored(): void {
    this.#panes = [];
    for (const paneMs of this.#cells.namespaces()) {
      this.#openPane(paneMs);
      this.#cells.forEach(paneMs, (_key, cell) => void (this.#ordinal = Math.max(this.#ordinal, cell.ordinal)));
    }
  }

  onTimer(timeMs: number, startMs: number): void {
    const lastMs = this.#windows.endOf(startMs) - 1;
    if (timeMs === lastMs) this.#fireAll(startMs);
    if (timeMs < lastMs + this.#parts.allowedLatenessMs) return;
    const gone = this.#range(startMs, startMs + this.#windows.slideMs);
    for (const paneMs of gone) this.#cells.drop(paneMs);
    this.#panes = this.#panes.filter((paneMs) => !gone.includes(paneMs));
  }

  #push(record: unknown, late: (record: unknown) => void): void {
    const { context, set, allowedLatenessMs, mode } = this.#parts;
    if (!hasTimeOrReject(this.#parts, record)) return;
    const { cursor, time } = context;
    // A window ends after every time in it: ahead of the watermark none has fired, and there is nothing to look at.
    const windows = cursor.timestampMs > time.watermarkMs ? undefined : this.#windows.assign(cursor.timestampMs);
    const open = windows?.filter(({ endMs }) => endMs - 1 + allowedLatenessMs > time.watermarkMs) ?? [];
    if (windows !== undefined && open.length === 0) return late(record);
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const paneMs = cursor.timestampMs - floorMod(cursor.timestampMs - this.#windows.offsetMs, this.#paneMs);
    const cell = cellOf(this.#cells, paneMs, cursor.key, set);
    cell.ordinal = ++this.#ordinal;
    set.add(cell.accumulators, inputs, this.#ordinal);
    this.#openPane(paneMs);
    for (const { startMs, endMs } of open) {
      if (endMs - 1 > time.watermarkMs) break;
      this.#fire(startMs, cursor.key, mode === "accumulating" ? this.#mergedOf(startMs, cursor.key) : this.#alone(inputs), "late");
    }
  }

  /** Remembers a pane and sets the timers of the windows that hold it. */
  #openPane(paneMs: number): void {
    const at = this.#firstFrom(paneMs);
    if (this.#panes[at] === paneMs) return;
    this.#panes.splice(at, 0, paneMs);
    const { context, allowedLatenessMs } = this.#parts;
    const windows = this.#windows.assign(paneMs);
    for (const { startMs, endMs } of windows) if (endMs - 1 > context.time.watermarkMs) context.timers.setEvent(endMs - 1, startMs);
    const last = windows.at(-1);
    if (last !== undefined) context.timers.setEvent(last.endMs - 1 + allowedLatenessMs, last.startMs);
  }

  #fireAll(startMs: number): void {
    const seen = new Set<unknown>();
    for (const paneMs of this.#range(startMs, this.#windows.endOf(startMs))) {
      this.#cells.forEach(paneMs, (key) => {
        const canonical = canonicalKey(key);
        if (seen.has(canonical)) return;
        seen.add(canonical);
        this.#fire(startMs, key, this.#mergedOf(startMs, key), "onTime");
      });
    }
  }

  /** All that a key has in a window. */
  #mergedOf(startMs: number, key: unknown): Accumulators {
    const { set } = this.#parts;
    const merged = set.create();
    for (const paneMs of this.#range(startMs, this.#windows.endOf(startMs))) {
      const cell = this.#cells.get(paneMs, key);
      if (cell !== undefined) set.merge(merged, cell.accumulators);
    }
    return merged;
  }

  #alone(inputs: readonly unknown[]): Accumulators {
    const alone = this.#parts.set.create();
    this.#parts.set.add(alone, inputs, 0);
    return alone;
  }

  #fire(startMs: number, key: unknown, accumulators: Accumulators, cause: FiringCause): void {
    this.#parts.output.fire(accumulators, { key, startMs, endMs: this.#windows.endOf(startMs), cause });
  }

  /** The panes in [fromMs, toMs) that hold something. */
  #range(fromMs: number, toMs: number): readonly number[] {
    return this.#panes.slice(this.#firstFrom(fromMs), this.#firstFrom(toMs));
  }

  /** Index of the first pane at or after a time. */
  #firstFrom(timeMs: number): number {
    let low = 0;
    let high = this.#panes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#panes[middle]! < timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

// Sliding windows whose aggregates are numbers: a record is added once, to the columns of its pane, and pane-totals.ts adds panes up.
//   P1 to P4 of pane-windows.ts hold here too; windows.test.ts holds both to one model.
//   P5. One timer per pane, and one for the next window: a window that fires sets the timer of the one behind it. So nothing is done per pane and window.
import type { NumberSpace, NumberTable, Operator, RecordCode, TaskCode } from "@streamflow/core";
import { failure } from "../compute.ts";
import type { NumericAggregates, NumericCell } from "../numeric-aggregates.ts";
import { type AlignedWindows, floorMod, gcd } from "./assigners.ts";
import { NumericFiring } from "./numeric-firing.ts";
import { recordsColumn } from "./pane-cells.ts";
import { PaneTotals } from "./pane-totals.ts";
import { slotForCode } from "./slot-code.ts";
import { SortedTimes } from "./sorted-times.ts";
import { hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";

/** The pane of the last record, [startMs, endMs); NaN: none that is known to be open. */
interface Latest {
  startMs: number;
  endMs: number;
  space: NumberSpace | undefined;
}

/** The operator of sliding windows over numbers, without early firings. */
export class NumericSlidingOperator implements Operator {
  /** Columns in front of the aggregates': how many records a key has in a pane. */
  static readonly ownColumns = 1;
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: AlignedWindows;
  readonly #numbers: NumericAggregates;
  readonly #paneMs: number;
  readonly #table: NumberTable;
  readonly #totals: PaneTotals;
  readonly #firing: NumericFiring;
  readonly #late: (record: unknown) => void;
  /** Starts of the panes that hold something. */
  readonly #panes = new SortedTimes();
  readonly #latest: Latest = { startMs: NaN, endMs: NaN, space: undefined };
  /** The cell that fires late, once for each aggregate. */
  readonly #cells: NumericCell[];

  constructor(parts: WindowParts, windows: AlignedWindows, numbers: NumericAggregates) {
    this.#parts = parts;
    this.#windows = windows;
    this.#numbers = numbers;
    this.#paneMs = gcd(windows.sizeMs, windows.slideMs);
    this.#table = numbers.table(parts.context, "panes");
    const grid = { paneMs: this.#paneMs, offsetMs: floorMod(windows.offsetMs, this.#paneMs), length: windows.sizeMs / this.#paneMs };
    this.#totals = new PaneTotals(parts.context, numbers, { panes: this.#table, grid });
    this.#firing = new NumericFiring(parts.output, numbers, PaneTotals.sets);
    this.#late = parts.context.output("late");
    this.#cells = numbers.names.map(() => undefined as unknown as NumericCell);
    this.inputs = [(record) => this.#push(record)];
  }

  restored(): void {
    for (const paneMs of this.#table.namespaces()) this.#openPane(paneMs);
  }

  onTimer(timeMs: number, startMs: number): void {
    const { sizeMs, slideMs } = this.#windows;
    const lastMs = startMs + sizeMs - 1;
    if (timeMs === lastMs) {
      this.#firing.fire(this.#totals.cellsOf(startMs), { startMs, endMs: startMs + sizeMs });
      if (this.#panes.hasWithin(startMs + slideMs, startMs + slideMs + sizeMs)) this.#parts.context.timers.setEvent(lastMs + slideMs, startMs + slideMs);
    }
    if (timeMs < lastMs + this.#parts.allowedLatenessMs) return;
    for (const paneMs of this.#panes.take(startMs, startMs + slideMs)) {
      this.#table.drop(paneMs);
      if (paneMs === this.#latest.startMs) this.#remember(NaN, undefined);
    }
  }

  /** A record ahead of the watermark is added to the latest pane in place; all others go to the closure. */
  code(record: RecordCode, task: TaskCode): string {
    const { context } = this.#parts;
    const [latest, time, slot] = [task.bind(this.#latest), task.bind(context.time), task.temporary()];
    const fail = (thrown: unknown): unknown => failure(thrown, `aggregates of "${context.node}"`);
    const add = this.#numbers.code(record, task, {
      fail,
      use: (write) => `${slot}=${slotForCode(record, task, `${latest}.space`)};
${latest}.space.columns[${recordsColumn}][${slot}]++;${write(`${latest}.space`, slot)}`,
    });
    return `if(${record.time}>=${latest}.startMs&&${record.time}<${latest}.endMs&&${record.time}>${time}.watermarkMs){
${add}
}else{${task.closure(record)}}`;
  }

  #push(record: unknown): void {
    const { context, allowedLatenessMs } = this.#parts;
    const { cursor, time } = context;
    const { timestampMs, key } = cursor;
    if (!hasTimeOrReject(this.#parts, record)) return;
    // A window ends after every time in it: ahead of the watermark none has fired, and there is nothing to look at.
    const windows = timestampMs > time.watermarkMs ? undefined : this.#windows.assign(timestampMs);
    const open = windows?.filter(({ endMs }) => endMs - 1 + allowedLatenessMs > time.watermarkMs) ?? [];
    if (windows !== undefined && open.length === 0) return this.#late(record);
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const paneMs = timestampMs - floorMod(timestampMs - this.#windows.offsetMs, this.#paneMs);
    const space = this.#table.open(paneMs);
    const slot = space.slotFor(key);
    space.columns[recordsColumn]![slot]!++;
    this.#numbers.add(space, slot, inputs);
    this.#openPane(paneMs);
    this.#remember(paneMs, space);
    if (windows === undefined) return;
    this.#totals.changed(paneMs);
    for (const { startMs, endMs } of open) {
      if (endMs - 1 > time.watermarkMs) break;
      this.#cells.fill(this.#lateCell(startMs, key, inputs));
      this.#parts.output.fire(this.#cells, { key, startMs, endMs, cause: "late" });
    }
  }

  #lateCell(startMs: number, key: unknown, inputs: readonly unknown[]): NumericCell {
    if (this.#parts.mode === "accumulating") return this.#totals.totalOf(startMs, key);
    const alone = this.#totals.alone();
    this.#numbers.add(alone.space, alone.slot, inputs);
    return alone;
  }

  #remember(startMs: number, space: NumberSpace | undefined): void {
    this.#latest.startMs = startMs;
    this.#latest.endMs = startMs + this.#paneMs;
    this.#latest.space = space;
  }

  /** Remembers a pane; sets the timers of the first window that holds it and has not fired, and of the end of the last one. */
  #openPane(paneMs: number): void {
    if (!this.#panes.add(paneMs)) return;
    const { context: { time: { watermarkMs }, timers }, allowedLatenessMs } = this.#parts;
    const { sizeMs, slideMs } = this.#windows;
    const lastStartMs = this.#windows.startOf(paneMs);
    const fromMs = Math.max(paneMs - sizeMs, watermarkMs - sizeMs + 1);
    const firstStartMs = this.#windows.startOf(fromMs) + slideMs;
    if (firstStartMs <= lastStartMs) timers.setEvent(firstStartMs + sizeMs - 1, firstStartMs);
    timers.setEvent(lastStartMs + sizeMs - 1 + allowedLatenessMs, lastStartMs);
  }
}

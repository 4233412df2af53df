// Sessions whose aggregates are numbers: one line of columns for each, found by its key. The rules are S1 to S4 of session-windows.ts; windows.test.ts
// holds both to one model.
//   S5. A key nearly always has one session: it stands on level 0. Further ones that are open at the same time stand on the levels above, which are
//       namespaces of the same table; where a session ends, its place is free, and the others stay where they are.
//   S6. `due` is the one time at which a session is looked at again, at or before the next thing that happens to it (S3). A record that extends a session
//       touches no timer.
import type { NumberSpace, NumberTable, Operator, RecordCode, TaskCode } from "@streamflow/core";
import { failure } from "../compute.ts";
import type { NumericAggregates } from "../numeric-aggregates.ts";
import type { FiringCause } from "../trigger.ts";
import type { SessionWindows } from "./assigners.ts";
import { DueTimes } from "./due-times.ts";
import { slotOfCode } from "./slot-code.ts";
import { hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";

/** Columns in front of the aggregates'. */
const column = { start: 0, end: 1, count: 2, due: 3 } as const;

/** Ticks of a gap: sessions that are extended are looked at once for so much of it. */
const ticksPerGap = 64;

/** The sessions on level 0, and how many there are above. */
interface Ground {
  space: NumberSpace;
  above: number;
}

/** The line of a session. */
interface SessionCell {
  space: NumberSpace;
  slot: number;
}

/** The operator of sessions over numbers, without early firings, accumulating. */
export class NumericSessionOperator implements Operator {
  static readonly ownColumns = 4;
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: SessionWindows;
  readonly #numbers: NumericAggregates;
  readonly #table: NumberTable;
  readonly #late: (record: unknown) => void;
  readonly #levels: NumberSpace[] = [];
  readonly #ground: Ground;
  readonly #due: DueTimes;
  /** The cell that fires, once for each aggregate. */
  readonly #cells: SessionCell[];

  constructor(parts: WindowParts, windows: SessionWindows, numbers: NumericAggregates) {
    this.#parts = parts;
    this.#windows = windows;
    this.#numbers = numbers;
    this.#table = numbers.table(parts.context, "sessions");
    this.#late = parts.context.output("late");
    this.#levels.push(this.#table.open(0));
    this.#ground = { space: this.#levels[0]!, above: 0 };
    this.#cells = numbers.names.map(() => undefined as unknown as SessionCell);
    this.#due = new DueTimes({ timers: parts.context.timers, tickMs: Math.ceil(windows.gapMs / ticksPerGap), stillDue: (key, timeMs) => this.#isStillDue(key, timeMs) });
    this.inputs = [(record) => this.#push(record)];
  }

  restored(): void {
    const highest = this.#table.namespaces().at(-1) ?? 0;
    for (let level = 0; level <= highest; level++) {
      const space = this.#level(level);
      space.forEach((key, slot) => this.#setDue({ space, slot }, key, this.#nextOf({ space, slot }, this.#parts.context.time.watermarkMs)));
    }
    this.#ground.space = this.#table.open(0);
    this.#countAbove();
  }

  onTimer(timeMs: number): void {
    const keys = this.#due.take(timeMs);
    if (keys.length === 0) return;
    for (const space of this.#levels) {
      if (space.size === 0) continue;
      const slots = new Set<number>();
      for (const key of keys) {
        const slot = space.slotOf(key);
        if (slot >= 0 && space.columns[column.due]![slot] === timeMs) slots.add(slot);
      }
      const ordered = slots.size < 2 ? slots : space.inOrder([...slots]);
      for (const slot of ordered) this.#settle({ space, slot }, timeMs);
    }
    this.#parts.output.flush();
    this.#countAbove();
  }

  /** A record that extends the only session of its key, which has not fired, is added in place; all others go to the closure. */
  code(record: RecordCode, task: TaskCode): string {
    const { context } = this.#parts;
    const { gapMs, maxCount } = this.#windows;
    const [ground, time, slot, columns] = [task.bind(this.#ground), task.bind(context.time), task.temporary(), task.temporary()];
    const fail = (thrown: unknown): unknown => failure(thrown, `aggregates of "${context.node}"`);
    const [start, end, count] = [column.start, column.end, column.count].map((at) => `${columns}[${at}][${slot}]`);
    const add = this.#numbers.code(record, task, {
      fail,
      use: (write) => `if(${record.time}+${gapMs}>${end})${end}=${record.time}+${gapMs};${count}++;${write(`${ground}.space`, slot)}`,
    });
    const isNotFull = maxCount === undefined ? "" : `&&${count}+1<${maxCount}`;
    return `${slot}=${ground}.above===0?${slotOfCode(record, task, `${ground}.space`)}:-1;${columns}=${ground}.space.columns;
if(${slot}>=0&&${record.time}>=${start}&&${record.time}<=${end}&&${end}-1>${time}.watermarkMs${isNotFull}){
${add}
}else{${task.closure(record)}}`;
  }

  #push(record: unknown): void {
    const { context, allowedLatenessMs } = this.#parts;
    if (!hasTimeOrReject(this.#parts, record)) return;
    const { key, timestampMs } = context.cursor;
    const endMs = timestampMs + this.#windows.gapMs;
    const touched = this.#touched(key, timestampMs, endMs);
    if (touched.length === 0 && endMs - 1 + allowedLatenessMs <= context.time.watermarkMs) return this.#late(record);
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const cell = this.#join(key, touched, { startMs: timestampMs, endMs });
    this.#numbers.add(cell.space, cell.slot, inputs);
    cell.space.columns[column.count]![cell.slot]!++;
    this.#afterRecord(cell, key);
    this.#countAbove();
  }

  /** The sessions of a key that overlap or touch a span, by their starts. */
  #touched(key: unknown, startMs: number, endMs: number): SessionCell[] {
    const touched: SessionCell[] = [];
    for (const space of this.#levels) {
      const slot = space.slotOf(key);
      if (slot >= 0 && space.columns[column.start]![slot]! <= endMs && space.columns[column.end]![slot]! >= startMs) touched.push({ space, slot });
    }
    return touched.length < 2 ? touched : touched.sort((a, b) => startOf(a) - startOf(b));
  }

  /** One session out of those that a record touches, extended by it. */
  #join(key: unknown, [first, ...rest]: readonly SessionCell[], { startMs, endMs }: { readonly startMs: number; readonly endMs: number }): SessionCell {
    if (first === undefined) return this.#begin(key, startMs, endMs);
    const { columns } = first.space;
    const { slot } = first;
    let [end, count, due] = [Math.max(endMs, columns[column.end]![slot]!), columns[column.count]![slot]!, columns[column.due]![slot]!];
    for (const other of rest) {
      const from = other.space.columns;
      end = Math.max(end, from[column.end]![other.slot]!);
      count += from[column.count]![other.slot]!;
      due = Math.min(due, from[column.due]![other.slot]!);
      this.#numbers.merge(first, other);
      other.space.remove(other.slot);
    }
    columns[column.start]![slot] = Math.min(startMs, columns[column.start]![slot]!);
    columns[column.end]![slot] = end;
    columns[column.count]![slot] = count;
    columns[column.due]![slot] = due;
    return first;
  }

  #begin(key: unknown, startMs: number, endMs: number): SessionCell {
    const free = this.#levels.findIndex((space) => space.slotOf(key) < 0);
    const space = this.#level(free < 0 ? this.#levels.length : free);
    const slot = space.slotFor(key);
    space.columns[column.start]![slot] = startMs;
    space.columns[column.end]![slot] = endMs;
    space.columns[column.due]![slot] = Infinity;
    return { space, slot };
  }

  /** Fires what a record makes due, and sees that the session is looked at in time. */
  #afterRecord(cell: SessionCell, key: unknown): void {
    const { space, slot } = cell;
    const { watermarkMs } = this.#parts.context.time;
    const hasFired = space.columns[column.end]![slot]! - 1 <= watermarkMs;
    if (space.columns[column.count]![slot]! >= (this.#windows.maxCount ?? Infinity)) {
      this.#fire(cell, key, hasFired ? "late" : "onTime");
      return space.remove(slot);
    }
    const nextMs = this.#nextOf(cell, watermarkMs);
    if (nextMs < space.columns[column.due]![slot]!) this.#setDue(cell, key, nextMs);
    if (hasFired) this.#fire(cell, key, "late");
  }

  /** Does what is due for a session at a time. */
  #settle(cell: SessionCell, timeMs: number): void {
    const { space, slot } = cell;
    const key = space.keyAt(slot);
    const lastMs = space.columns[column.end]![slot]! - 1;
    if (lastMs === timeMs) this.#parts.output.collect(this.#cells.fill(cell), { key, startMs: space.columns[column.start]![slot]!, endMs: lastMs + 1, cause: "onTime" });
    if (lastMs + this.#parts.allowedLatenessMs <= timeMs) space.remove(slot);
    else this.#setDue(cell, key, this.#nextOf(cell, timeMs));
  }

  /** When the next thing happens to a session after a time: it fires, or goes. */
  #nextOf({ space, slot }: SessionCell, afterMs: number): number {
    const lastMs = space.columns[column.end]![slot]! - 1;
    return lastMs > afterMs ? lastMs : lastMs + this.#parts.allowedLatenessMs;
  }

  #setDue({ space, slot }: SessionCell, key: unknown, timeMs: number): void {
    space.columns[column.due]![slot] = timeMs;
    this.#due.set(timeMs, key);
  }

  /** Whether something happens to a session of a key at a time. Those that were extended meanwhile are put off. */
  #isStillDue(key: unknown, timeMs: number): boolean {
    let isDue = false;
    for (const space of this.#levels) {
      const slot = space.size === 0 ? -1 : space.slotOf(key);
      if (slot < 0 || space.columns[column.due]![slot] !== timeMs) continue;
      const nextMs = this.#nextOf({ space, slot }, timeMs - 1);
      if (nextMs === timeMs) isDue = true;
      else this.#setDue({ space, slot }, key, nextMs);
    }
    return isDue;
  }

  #level(at: number): NumberSpace {
    return (this.#levels[at] = this.#table.open(at));
  }

  #countAbove(): void {
    let above = 0;
    for (let at = 1; at < this.#levels.length; at++) above += this.#levels[at]!.size;
    this.#ground.above = above;
  }

  #fire(cell: SessionCell, key: unknown, cause: FiringCause): void {
    const { space: { columns }, slot } = cell;
    this.#cells.fill(cell);
    this.#parts.output.fire(this.#cells, { key, startMs: columns[column.start]![slot]!, endMs: columns[column.end]![slot]!, cause });
  }
}

function startOf({ space, slot }: SessionCell): number {
  return space.columns[column.start]![slot]!;
}

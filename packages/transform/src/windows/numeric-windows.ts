// Tumbling windows whose aggregates are numbers: a space of columns for each window. The rules are W1 to W4 of time-windows.ts; windows.test.ts holds
// both to one model.
import type { NumberSpace, NumberTable, Operator, OperatorTotals, RecordCode, TaskCode } from "@streamflow/core";
import { failure } from "../compute.ts";
import type { NumericAggregates, NumericCell } from "../numeric-aggregates.ts";
import type { EarlyTriggers, FiringCause } from "../trigger.ts";
import type { AlignedWindows } from "./assigners.ts";
import { NumericFiring } from "./numeric-firing.ts";
import { slotForCode, slotOfCode } from "./slot-code.ts";
import { hasTimeOrReject, inputsOrReject, type WindowParts } from "./window-parts.ts";
import { readTotals, writeTotals } from "./window-totals.ts";

/** The window of the last record, [startMs, endMs); NaN: none that is known to be open. */
interface Latest {
  startMs: number;
  endMs: number;
  space: NumberSpace | undefined;
}

/** The column of the records since a key last fired, where windows fire by it. */
const pendingColumn = 0;

/** The operator of tumbling windows over numbers, without early firings but by count. */
export class NumericWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: AlignedWindows;
  readonly #numbers: NumericAggregates;
  readonly #table: NumberTable;
  readonly #late: (record: unknown) => void;
  /** Starts of windows whose timers are set. */
  readonly #open = new Set<number>();
  readonly #latest: Latest = { startMs: NaN, endMs: NaN, space: undefined };
  readonly #firing: NumericFiring;
  /** The cell that fires early or late, once for each aggregate. */
  readonly #cells: NumericCell[];
  /** Records after which a key fires early. */
  readonly #early: number | undefined;

  /** Columns in front of the aggregates'. */
  static ownColumns({ count }: EarlyTriggers): number {
    return count === undefined ? 0 : 1;
  }

  constructor(parts: WindowParts, windows: AlignedWindows, numbers: NumericAggregates) {
    this.#parts = parts;
    this.#windows = windows;
    this.#numbers = numbers;
    this.#table = numbers.table(parts.context, "windows");
    this.#late = parts.context.output("late");
    this.#early = parts.early.count;
    this.#firing = new NumericFiring(parts.output, numbers, 1);
    this.#cells = numbers.names.map(() => undefined as unknown as NumericCell);
    this.inputs = [(record) => this.#push(record)];
  }

  /** Made when it is asked for: most pipelines never do. */
  get totals(): OperatorTotals {
    return { take: () => this.#take(), add: ({ content }) => this.#addTotals(content) };
  }

  restored(): void {
    for (const startMs of this.#table.namespaces()) this.#openWindow(startMs);
  }

  onTimer(timeMs: number, startMs: number): void {
    const lastMs = this.#windows.endOf(startMs) - 1;
    if (timeMs === lastMs) this.#fireAll(startMs);
    if (timeMs < lastMs + this.#parts.allowedLatenessMs) return;
    if (startMs === this.#latest.startMs) this.#remember(NaN, undefined);
    this.#table.drop(startMs);
    this.#open.delete(startMs);
  }

  /** A record of the latest window, which has not fired, is added in place; what fires by it, and all others, go to the closure. */
  code(record: RecordCode, task: TaskCode): string {
    const { context } = this.#parts;
    const [latest, time, slot] = [task.bind(this.#latest), task.bind(context.time), task.temporary()];
    const fail = (thrown: unknown): unknown => failure(thrown, `aggregates of "${context.node}"`);
    const space = `${latest}.space`;
    const count = this.#early;
    const slotFor = `${slot}=${slotForCode(record, task, space)};`;
    const pending = `${space}.columns[${pendingColumn}][${slot}]`;
    const add = this.#numbers.code(record, task, { fail, use: (write) => `${count === undefined ? slotFor : `${pending}++;`}${write(space, slot)}` });
    const isQuiet = count === undefined ? "" : `&&(${slot}=${slotOfCode(record, task, space)})>=0&&${pending}+1<${count}`;
    return `if(${record.time}>=${latest}.startMs&&${record.time}<${latest}.endMs&&${latest}.endMs-1>${time}.watermarkMs${isQuiet}){
${add}
}else{${task.closure(record)}}`;
  }

  #push(record: unknown): void {
    const { context, allowedLatenessMs } = this.#parts;
    const { timestampMs, key } = context.cursor;
    if (!hasTimeOrReject(this.#parts, record)) return;
    const startMs = this.#windows.startOf(timestampMs);
    const endMs = startMs + this.#windows.sizeMs;
    const { watermarkMs } = context.time;
    if (endMs - 1 + allowedLatenessMs <= watermarkMs) return this.#late(record);
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const space = this.#table.open(startMs);
    const slot = space.slotFor(key);
    this.#numbers.add(space, slot, inputs);
    this.#openWindow(startMs);
    this.#remember(startMs, space);
    const pending = this.#early === undefined ? 0 : ++space.columns[pendingColumn]![slot]!;
    if (endMs - 1 <= watermarkMs) this.#fire({ space, slot, startMs, key, cause: "late" });
    else if (pending === this.#early) this.#fire({ space, slot, startMs, key, cause: "early" });
  }

  #take(): ReturnType<OperatorTotals["take"]> {
    const starts = this.#table.namespaces();
    const content = writeTotals(starts.map((startMs) => [startMs, this.#table.open(startMs)]), this.#numbers.columns);
    for (const startMs of starts) this.#table.drop(startMs);
    this.#open.clear();
    this.#remember(NaN, undefined);
    const [firstMs] = starts;
    return content === undefined ? undefined : { dueMs: firstMs === undefined ? Infinity : this.#windows.endOf(firstMs) - 1, content };
  }

  /** Records that are added one by one after all find what was made for them. */
  #addTotals(content: Float64Array): boolean {
    const numbers = this.#numbers;
    const windows = readTotals(content, numbers.columns);
    for (const one of windows) {
      const space = this.#table.open(one.startMs);
      this.#openWindow(one.startMs);
      if (!one.place(numbers, space)) return false;
    }
    for (const one of windows) one.add(numbers);
    return true;
  }

  #remember(startMs: number, space: NumberSpace | undefined): void {
    this.#latest.startMs = startMs;
    this.#latest.endMs = startMs + this.#windows.sizeMs;
    this.#latest.space = space;
  }

  #openWindow(startMs: number): void {
    if (this.#open.has(startMs)) return;
    this.#open.add(startMs);
    const { context, allowedLatenessMs } = this.#parts;
    const lastMs = this.#windows.endOf(startMs) - 1;
    if (lastMs > context.time.watermarkMs) context.timers.setEvent(lastMs, startMs);
    if (allowedLatenessMs > 0) context.timers.setEvent(lastMs + allowedLatenessMs, startMs);
  }

  #fireAll(startMs: number): void {
    const space = this.#table.get(startMs);
    if (space === undefined) return;
    this.#firing.fire({ slots: space.slots(), sets: [space], keyAt: space.keyReader(), textsOf: (slots) => space.textsOf(slots) }, { startMs, endMs: this.#windows.endOf(startMs) });
    if (this.#parts.mode === "discarding" || this.#early !== undefined) space.forEach((_key, slot) => this.#fired(space, slot));
  }

  #fire({ space, slot, startMs, key, cause }: { readonly space: NumberSpace; readonly slot: number; readonly startMs: number; readonly key: unknown; readonly cause: FiringCause }): void {
    this.#cells.fill({ space, slot });
    this.#parts.output.fire(this.#cells, { key, startMs, endMs: startMs + this.#windows.sizeMs, cause });
    this.#fired(space, slot);
  }

  #fired(space: NumberSpace, slot: number): void {
    if (this.#parts.mode === "discarding") space.remove(slot);
    else if (this.#early !== undefined) space.columns[pendingColumn]![slot] = 0;
  }
}

// Windows over counts of a key's records, in panes: a record is added once, and a window merges its panes when it is full.
//   C1. Records of a key are numbered from 0. Window k holds the numbers [k·every, k·every + count); a number in a gap belongs nowhere.
//   C2. A window fires when its last record comes, whatever event time says. Nothing is late.
//   C3. A key is forgotten where the next record would be numbered as the first is: at a multiple of `every` with no window open.
import type { KeyedTable, Operator, Serializer } from "@streamflow/core";
import type { Accumulators, AggregateSet } from "../aggregate-set.ts";
import { isOver, type Mortal, touch } from "../lifetime.ts";
import { endOfTimeMs } from "../trigger.ts";
import { type CountWindows, gcd } from "./assigners.ts";
import { boundsOf, type Extent, stretch, stretchOver } from "./extent.ts";
import { inputsOrReject, type WindowParts } from "./window-parts.ts";

interface Pane extends Extent {
  /** Number of its first record. */
  readonly start: number;
  readonly accumulators: Accumulators;
}

interface Counted extends Mortal {
  /** Number of the next record. */
  next: number;
  panes: Pane[];
}

function countedSerializer(set: AggregateSet): Serializer<Counted> {
  const inner = set.serializer;
  const { name, version } = inner;
  return {
    name: `counted:${name}`,
    version,
    write({ next, latestMs, panes }, out) {
      for (const value of [next, latestMs, panes.length]) out.number(value);
      for (const pane of panes) {
        for (const value of [pane.start, pane.minMs, pane.maxMs]) out.number(value);
        inner.write(pane.accumulators, out);
      }
    },
    read(from, stored) {
      const [next, latestMs, length] = [from.number(), from.number(), from.number()];
      const panes = Array.from({ length }, () => ({ start: from.number(), minMs: from.number(), maxMs: from.number(), accumulators: inner.read(from, stored) }));
      return { next, latestMs, panes };
    },
  };
}

/** The operator of tumbling and sliding windows over counts. */
export class CountWindowOperator implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #parts: WindowParts;
  readonly #windows: CountWindows;
  readonly #paneSize: number;
  readonly #table: KeyedTable<Counted>;

  constructor(parts: WindowParts, windows: CountWindows) {
    this.#parts = parts;
    this.#windows = windows;
    this.#paneSize = gcd(windows.count, windows.every);
    this.#table = parts.context.state.table("counts", countedSerializer(parts.set));
    if (parts.emitPartial) parts.context.timers.setEvent(endOfTimeMs, 0);
    this.inputs = [(record) => this.#push(record)];
  }

  /** The end of the input. */
  onTimer(): void {
    this.#table.forEach(0, (key, counted) => this.#emitRest(key, counted));
    this.#table.drop(0);
  }

  /** A key's time to live may have run out. */
  onKeyTimer(timeMs: number, key: unknown): void {
    const { context, ttlMs, emitPartial } = this.#parts;
    const counted = this.#table.get(0, key);
    if (counted === undefined || !isOver(counted, ttlMs, { timeMs, key, timers: context.timers })) return;
    if (emitPartial) this.#emitRest(key, counted);
    this.#table.delete(0, key);
  }

  #push(record: unknown): void {
    const { set, context } = this.#parts;
    const { key, timestampMs } = context.cursor;
    const inputs = inputsOrReject(this.#parts, record);
    if (inputs === undefined) return;
    const counted = this.#countedOf(key);
    const number = counted.next++;
    if (number % this.#windows.every < this.#windows.count) {
      const pane = this.#paneOf(counted, number);
      set.add(pane.accumulators, inputs, number);
      stretch(pane, timestampMs);
    }
    touch(counted, context, this.#parts.ttlMs);
    this.#fireFull(counted, key);
    if (counted.panes.length === 0 && counted.next % this.#windows.every === 0) this.#table.delete(0, key);
  }

  #countedOf(key: unknown): Counted {
    const known = this.#table.edit(0, key);
    if (known !== undefined) return known;
    const counted: Counted = { next: 0, latestMs: -Infinity, panes: [] };
    this.#table.set(0, key, counted);
    return counted;
  }

  #paneOf(counted: Counted, number: number): Pane {
    const start = number - (number % this.#paneSize);
    const last = counted.panes.at(-1);
    if (last?.start === start) return last;
    const pane: Pane = { start, minMs: Infinity, maxMs: -Infinity, accumulators: this.#parts.set.create() };
    counted.panes.push(pane);
    return pane;
  }

  /** Fires the window that the record just added fills, if there is one, and lets go of the panes that no later window holds. */
  #fireFull(counted: Counted, key: unknown): void {
    const start = counted.next - this.#windows.count;
    if (start < 0 || start % this.#windows.every !== 0) return;
    this.#fire(counted, start, key);
    counted.panes = counted.panes.filter((pane) => pane.start >= start + this.#windows.every);
  }

  /** Fires the windows that were begun and are not full, in order. */
  #emitRest(key: unknown, counted: Counted): void {
    const { count, every } = this.#windows;
    const firstOpen = Math.max(0, Math.ceil((counted.next - count + 1) / every)) * every;
    for (let start = firstOpen; start < counted.next; start += every) this.#fire(counted, start, key);
  }

  #fire(counted: Counted, start: number, key: unknown): void {
    const { set, output } = this.#parts;
    const merged = set.create();
    const extent: Extent = { minMs: Infinity, maxMs: -Infinity };
    for (const pane of counted.panes) {
      if (pane.start < start || pane.start >= start + this.#windows.count) continue;
      set.merge(merged, pane.accumulators);
      stretchOver(extent, pane);
    }
    output.fire(merged, { key, ...boundsOf(extent), cause: "onTime" });
  }
}

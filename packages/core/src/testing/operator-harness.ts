// Runs one operator on its own, record by record: no engine, no I/O, event time and processing time advanced by hand.
import type { Clock, Logger } from "../contracts/environment.ts";
import type { Cursor, Emit, FunctionTable, NodeShape, Operator, OperatorContext, OperatorDefinition, OperatorTotals, Shape } from "../contracts/operator.ts";
import { AsyncStage } from "../engine/async-stage.ts";
import { emitRows } from "../engine/emitted-rows.ts";
import type { AsyncStages } from "../engine/async-stages.ts";
import { Gate } from "../engine/gate.ts";
import { quietStages } from "../engine/quiet.ts";
import { TimeHeap } from "../engine/time-heap.ts";
import { StreamFlowError } from "../errors.ts";
import { TableSet, type TableSnapshot } from "../keyed/table-set.ts";
import { ChangeKind } from "../record.ts";
import { canonicalKey } from "../types/key.ts";
import { seededRandom } from "./seeded-random.ts";

/** What a harness may be told besides the operator. */
export interface OperatorHarnessOptions {
  /** Shapes of the inputs. @defaultValue unknown schema, unknown key, event time, inserts only */
  readonly inputShapes?: readonly Shape[];
  /** @defaultValue no functions */
  readonly functions?: FunctionTable;
  /** What `readAll` delivers for a source. @defaultValue nothing */
  readonly readAll?: (source: unknown) => readonly unknown[];
  /** Starts from the state of another harness. */
  readonly from?: HarnessSnapshot;
}

/** Everything an operator keeps across a restart, in its stored form. */
export interface HarnessSnapshot {
  readonly tables: readonly TableSnapshot[];
  readonly keyTimers: readonly (readonly [timeMs: number, key: unknown])[];
  readonly watermarkMs: number;
  readonly nowMs: number;
  readonly version: string | undefined;
}

/** What came out of an operator. */
export interface Emitted {
  readonly value: unknown;
  readonly timestampMs: number;
  readonly key: unknown;
  readonly change: ChangeKind;
}

/** A value that the operator rejected. */
export interface RejectedValue {
  readonly error: StreamFlowError;
  readonly value: unknown;
}

/** What is known of a record that is pushed. */
export interface PushedRecord {
  /** @defaultValue NaN: no event time */
  readonly timestampMs?: number;
  /** @defaultValue the key of the record before */
  readonly key?: unknown;
  /** @defaultValue insert */
  readonly change?: ChangeKind;
  /** Name of the input. @defaultValue the first */
  readonly input?: string;
}

const unknownInput: Shape = { schema: undefined, key: { type: undefined, fields: undefined, coPartitioned: true }, time: true, changes: "insert" };
const noFunctions: FunctionTable = { get: () => undefined, names: () => [] };

/**
 * One operator with its state, timers and outputs.
 *
 * A record is processed under the watermark set by all `advanceWatermark` calls before it; due timers fire within that call, in order of
 * time, ties in order of namespace, then keys in order of setting. State goes through its serializers at every `snapshot`.
 *
 * @example
 * ```ts
 * const counting: OperatorDefinition<object> = {
 *   type: "counting",
 *   shape: (_config, [input]) => ({ outputs: { main: input! }, reads: ["all"], forwards: false, deterministic: true, stateful: true, summary: "counting" }),
 *   create(_config, { emit, cursor, state }) {
 *     const counts = state.table<number>("counts", { name: "count", version: 1, write: (n, out) => out.number(n), read: (from) => from.number() });
 *     const push = () => {
 *       const count = (counts.get(0, cursor.key) ?? 0) + 1;
 *       counts.set(0, cursor.key, count);
 *       emit(count);
 *     };
 *     return { inputs: [push] };
 *   },
 * };
 * const before = new OperatorHarness(counting, {}).push("x", { key: "UA" });
 * const after = new OperatorHarness(counting, {}, { from: before.snapshot() }).push("y", { key: "UA" });
 * after.values(); // => [2]
 * ```
 */
export class OperatorHarness<Config> {
  readonly shape: NodeShape;
  readonly rejected: RejectedValue[] = [];
  /** Warnings and errors that the operator logged. */
  readonly logged: string[] = [];
  readonly #inputNames: readonly string[];
  readonly #operator: Operator;
  readonly #tables: TableSet = new TableSet("operator", { canonical: canonicalKey, groups: 1 });
  readonly #timers: HarnessTimers = new HarnessTimers();
  readonly #outputs = new Map<string, Emitted[]>();
  readonly #cursor: Cursor = { timestampMs: NaN, key: undefined, change: ChangeKind.insert, index: -1 };
  readonly #time: Gate = new Gate();
  readonly #asyncStages: AsyncStages;
  #asyncStage: AsyncStage | undefined;
  readonly #options: OperatorHarnessOptions;
  #nowMs = 0;
  #index = 0;
  #version: string | undefined;

  constructor(definition: OperatorDefinition<Config>, config: Config, options: OperatorHarnessOptions = {}) {
    this.#options = options;
    this.#asyncStages = quietStages(this.#cursor, new AbortController().signal);
    this.#inputNames = definition.inputs ?? ["main"];
    const inputShapes = options.inputShapes ?? this.#inputNames.map(() => unknownInput);
    const functions = options.functions ?? noFunctions;
    this.shape = definition.shape(config, inputShapes, { node: "operator", functions });
    this.#operator = definition.create(config, this.#context(inputShapes, functions));
    if (options.from !== undefined) this.#restore(options.from);
    if (this.#operator.open === undefined) this.#operator.restored?.();
  }

  /** Whether the operator loads data before its first record: then `open` must be called. */
  get loads(): boolean {
    return this.#operator.open !== undefined;
  }

  /** Calls `Operator.open`; needed only where the operator has one. */
  async open(): Promise<this> {
    const options = this.#options;
    await this.#operator.open?.({
      storedVersion: options.from?.version,
      keepVersion: (version) => void (this.#version = version),
      readAll: async (source, visit) => {
        for (const value of options.readAll?.(source) ?? []) visit(value);
      },
    });
    this.#operator.restored?.();
    return this;
  }

  /** What it adds up, where it does. */
  get totals(): OperatorTotals | undefined {
    return this.#operator.totals;
  }

  push(value: unknown, record: PushedRecord = {}): this {
    const input = this.#operator.inputs[record.input === undefined ? 0 : this.#inputNames.indexOf(record.input)];
    if (input === undefined) throw new StreamFlowError("SF_INTERNAL", `the operator has no input "${record.input}"`);
    this.#cursor.timestampMs = record.timestampMs ?? NaN;
    if ("key" in record) this.#cursor.key = record.key;
    this.#cursor.change = record.change ?? ChangeKind.insert;
    this.#cursor.index = this.#index++;
    input(value);
    this.#fire();
    return this;
  }

  /** Moves event time forward (never back) and fires what is due. */
  advanceWatermark(watermarkMs: number): this {
    this.#time.advance(watermarkMs);
    this.#asyncStage?.advance();
    this.#fire();
    return this;
  }

  /** Waits until everything that an asynchronous operator was given has been answered and has gone on. */
  async answers(): Promise<this> {
    while (this.#asyncStage?.isOpen === true) {
      await this.#asyncStages.next();
      this.#asyncStages.letOut();
    }
    return this;
  }

  /** The end of a bounded input: the watermark +∞. */
  end(): this {
    return this.advanceWatermark(Infinity);
  }

  /** Moves processing time forward to `nowMs` and fires what is due. */
  advanceClock(nowMs: number): this {
    this.#nowMs = Math.max(this.#nowMs, nowMs);
    for (const [timeMs, namespace] of this.#timers.dueProcessing(this.#nowMs)) {
      this.#cursor.index = -1;
      this.#operator.onProcessingTimer?.(timeMs, namespace);
      this.#fire();
    }
    return this;
  }

  /** Answers what came out of an output since the last call, and forgets it. */
  take(output = "main"): readonly Emitted[] {
    const taken = this.#outputs.get(output) ?? [];
    this.#outputs.set(output, []);
    return taken;
  }

  /** The values of `take`. */
  values(output = "main"): readonly unknown[] {
    return this.take(output).map((emitted) => emitted.value);
  }

  /** Entries of state held. */
  get stateSize(): number {
    return this.#tables.size;
  }

  /** The state in its stored form; what was emitted is not part of it. */
  snapshot(): HarnessSnapshot {
    return {
      tables: this.#tables.snapshot(),
      keyTimers: structuredClone(this.#timers.keyTimers()),
      watermarkMs: this.#time.watermarkMs,
      nowMs: this.#nowMs,
      version: this.#version,
    };
  }

  #restore(from: HarnessSnapshot): void {
    for (const table of from.tables) this.#tables.restore(table);
    for (const [timeMs, key] of from.keyTimers) this.#timers.setEventForKey(timeMs, key);
    this.#time.watermarkMs = from.watermarkMs;
    this.#nowMs = from.nowMs;
    this.#version = from.version;
  }

  #fire(): void {
    const cursor = this.#cursor;
    cursor.index = -1;
    cursor.change = ChangeKind.insert;
    while (this.#timers.nextMs <= this.#time.watermarkMs && this.#timers.nextMs < Infinity) {
      const timeMs = this.#timers.nextMs;
      const { namespaces, keys } = this.#timers.takeNext();
      for (const namespace of namespaces) this.#operator.onTimer?.(timeMs, namespace);
      for (const key of keys) this.#operator.onKeyTimer?.(timeMs, key);
    }
  }

  #context(inputShapes: readonly Shape[], functions: FunctionTable): OperatorContext {
    return {
      node: "operator",
      cursor: this.#cursor,
      emit: this.#output("main"),
      output: (name) => this.#output(name),
      emitAll: (records) => emitRows(records, this.#cursor, this.#output("main")),
      reject: (error, value) => void this.rejected.push({ error, value }),
      time: this.#time,
      state: this.#tables,
      timers: this.#timers,
      asynchronous: (work) => {
        const place = { rank: 0, mark: "", settleTime: () => undefined };
        this.#asyncStage = new AsyncStage(this.#asyncStages, { node: "operator", work, gate: this.#time, output: new Gate(), place });
        return this.#asyncStage.push;
      },
      random: seededRandom(1),
      clock: this.#clock(),
      logger: this.#logger(),
      signal: new AbortController().signal,
      inputShapes,
      functions,
    };
  }

  #output(name: string): Emit {
    const cursor = this.#cursor;
    return (value) => {
      const emitted = this.#outputs.get(name) ?? [];
      emitted.push({ value, timestampMs: cursor.timestampMs, key: cursor.key, change: cursor.change });
      this.#outputs.set(name, emitted);
    };
  }

  #clock(): Clock {
    const nowMs = (): number => this.#nowMs;
    const refuse = (): never => {
      throw new StreamFlowError("SF_INTERNAL", "an operator sets timers through its context, not on the clock");
    };
    return { nowMs, monotonicMs: nowMs, setTimer: refuse, soon: refuse };
  }

  #logger(): Logger {
    const log = (message: string): void => void this.logged.push(message);
    return { debug: () => {}, info: () => {}, warn: log, error: log };
  }
}

/** The timers of a harness. */
class HarnessTimers {
  readonly #namespaces: TimeHeap = new TimeHeap();
  readonly #keys = new Map<number, Map<unknown, unknown>>();
  #processing: (readonly [number, number])[] = [];

  setEvent(timeMs: number, namespace: number): void {
    this.#namespaces.add(timeMs, namespace);
  }
  clearEvent(timeMs: number, namespace: number): void {
    this.#namespaces.remove(timeMs, namespace);
  }
  setEventForKey(timeMs: number, key: unknown): void {
    const keys = this.#keys.get(timeMs) ?? new Map<unknown, unknown>();
    this.#keys.set(timeMs, keys.set(canonicalKey(key), key));
  }
  clearEventForKey(timeMs: number, key: unknown): void {
    const keys = this.#keys.get(timeMs);
    if (keys?.delete(canonicalKey(key)) === true && keys.size === 0) this.#keys.delete(timeMs);
  }
  setProcessing(timeMs: number, namespace: number): void {
    this.#processing.push([timeMs, namespace]);
  }

  get nextMs(): number {
    let least = this.#namespaces.next;
    for (const timeMs of this.#keys.keys()) if (timeMs < least) least = timeMs;
    return least;
  }

  takeNext(): { readonly namespaces: readonly number[]; readonly keys: readonly unknown[] } {
    const timeMs = this.nextMs;
    const namespaces = this.#namespaces.next === timeMs ? this.#namespaces.take() : [];
    const keys = [...(this.#keys.get(timeMs)?.values() ?? [])];
    this.#keys.delete(timeMs);
    return { namespaces, keys };
  }

  dueProcessing(nowMs: number): readonly (readonly [number, number])[] {
    const due = this.#processing.filter(([timeMs]) => timeMs <= nowMs).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    this.#processing = this.#processing.filter(([timeMs]) => timeMs > nowMs);
    return due;
  }

  keyTimers(): (readonly [number, unknown])[] {
    return [...this.#keys].flatMap(([timeMs, keys]) => [...keys.values()].map((key) => [timeMs, key] as const));
  }
}

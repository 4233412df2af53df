// The contract of an operator: what a stage is made of. OPR clauses are proven by testing/conformance/operator.ts.
import type { StreamFlowError } from "../errors.ts";
import type { BatchTotals, ChangeKind, Column } from "../record.ts";
import type { DataType, Schema } from "../schema.ts";
import type { Clock, Logger, Random } from "./environment.ts";
import type { Projection } from "./codec.ts";
import type { NumberTable, NumberTableOptions } from "./number-table.ts";
import type { RecordCode, TaskCode } from "./operator-code.ts";

/** Hands one value on. What else is known of the record stands in the cursor. */
export type Emit = (value: unknown) => void;

/**
 * The record in flight: one mutable object per task. An operator that emits under another time, key or change kind sets
 * the cursor before it emits, and puts the old values back if it goes on with the same input record.
 */
export interface Cursor {
  /** Event time in UTC epoch milliseconds; NaN where there is none. */
  timestampMs: number;
  key: unknown;
  change: ChangeKind;
  /** Index of the input record in the batch in hand; -1 while timers fire. */
  index: number;
}

/** Event time as one operator sees it on its input. */
export interface EventTime {
  /** No record with a timestamp up to this one is expected any more; −Infinity before the first. Exact per record, never goes back. */
  readonly watermarkMs: number;
}

/** How a value is kept in a checkpoint. */
export interface Serializer<V> {
  /** Stored with the state; a restore under another name is refused. */
  readonly name: string;
  /** Stored with the state; `read` gets the version that wrote. */
  readonly version: number;
  write(value: V, out: StateOutput): void;
  read(from: StateInput, version: number): V;
}

/** Writes primitive values in a compact, self-contained form. */
export interface StateOutput {
  number(value: number): void;
  /** Any JSON-like value: null, boolean, number (NaN, −0, infinities exact), bigint, string, Uint8Array, array, plain object, Map. */
  value(value: unknown): void;
}
/** Reads back in the same order. */
export interface StateInput {
  number(): number;
  value(): unknown;
}

/**
 * State of one operator: values by (namespace, key). A namespace is a number, for example a window's start; 0 for plain keyed state.
 * - TBL-1. `edit` answers the live value and marks it changed; a value from `get` must not be changed.
 * - TBL-2. `forEach` visits the keys of a namespace in a fixed order (key group, then first insertion), the same after a restore or a move.
 *   Entries may be deleted while it runs; entries added meanwhile may or may not be seen.
 * - TBL-3. `namespaces` are ascending.
 * - TBL-4. Keys are equal as the type table says (docs/types.md): NaN equals NaN, −0 equals 0, 1n equals 1.
 */
export interface KeyedTable<V> {
  get(namespace: number, key: unknown): V | undefined;
  edit(namespace: number, key: unknown): V | undefined;
  set(namespace: number, key: unknown, value: V): void;
  delete(namespace: number, key: unknown): boolean;
  forEach(namespace: number, visit: (key: unknown, value: V) => void): void;
  /** Removes a namespace with all its keys. */
  drop(namespace: number): void;
  namespaces(): readonly number[];
  count(namespace: number): number;
}

/** The state of an operator instance. Tables are declared once, in `create`. */
export interface OperatorState {
  table<V>(name: string, serializer: Serializer<V>): KeyedTable<V>;
  /** A table whose values are numbers: a checkpoint copies columns, an update touches no object. */
  numbers(name: string, options: NumberTableOptions): NumberTable;
}

/**
 * Timers of an operator instance.
 * - TMR-1. An event timer fires when the operator's watermark reaches `timeMs`, in order of time, ties in order of namespace. Setting one twice is one timer.
 * - TMR-2. Timers of namespaces are not stored: `restored()` sets them again from the tables. Timers of keys are stored.
 * - TMR-3. A timer set at or before the present watermark fires before the next record; one set while timers fire takes its place in their order.
 * - TMR-4. A processing timer fires between records, not before `nowMs >= timeMs`; using one makes the node non-deterministic.
 */
export interface Timers {
  setEvent(timeMs: number, namespace: number): void;
  clearEvent(timeMs: number, namespace: number): void;
  setEventForKey(timeMs: number, key: unknown): void;
  clearEventForKey(timeMs: number, key: unknown): void;
  setProcessing(timeMs: number, namespace: number): void;
}

/**
 * A function that may answer later, as an operator has it called. The engine calls it for one record after the other, and gives the operator the
 * answers back, one at a time, between two batches.
 * - ASY-1. Calls under way are never more than `concurrency`, over all partitions of the process; while as many records are on their way, nothing is read.
 * - ASY-2. `answered` and `failed` are called once for each record, with its own cursor: emit or `reject` there, as for a record that has just come in.
 * - ASY-3. `ordered`: in the order in which the records came, within a partition. Else as answers come; a record that is not ahead of its watermark waits for it.
 * - ASY-4. The watermark behind the operator never passes a record that is on its way.
 * - ASY-5. Every checkpoint waits for all calls, so also a pause, a stop, a partition that is let go, and the end. After a crash their records come, and are called for, again.
 * - ASY-6. An answer that is no promise costs none: where nothing is on its way before it, it goes on at once.
 */
export interface AsyncWork {
  /** Answers a result or a promise of one. The signal is aborted when the pipeline gives up: nobody waits for the answer then. */
  call(value: unknown, signal: AbortSignal): unknown;
  /** Emits what was made of `value`. */
  answered(result: unknown, value: unknown): void;
  /** The call threw, or its promise was rejected. */
  failed(thrown: unknown, value: unknown): void;
  readonly concurrency: number;
  readonly ordered: boolean;
}

/** What an operator instance gets when it is made. */
export interface OperatorContext {
  readonly node: string;
  readonly cursor: Cursor;
  /** Emits to the main output. */
  readonly emit: Emit;
  /** The emitter of a named output, bound once. */
  output(name: string): Emit;
  /** Emits many records to the main output, for an operator that gives many at one timer: as `emit` of each would, without ever making most of them. */
  emitAll(records: EmittedRecords): void;
  /**
   * Sends the value in hand to the dead letters (or fails the pipeline, by the plan's policy), with the place it came from.
   * Emits nothing by itself: the operator goes on with the next value.
   */
  reject(error: StreamFlowError, value: unknown): void;
  /** Event time of the node: the least watermark of its inputs. In `restored()` it is already that of the checkpoint. */
  readonly time: EventTime;
  readonly state: OperatorState;
  readonly timers: Timers;
  /**
   * Answers an input that has a function called for each record, and waits for the answers. Once, in `create`, by an operator whose shape says `asynchronous`.
   * @throws {@link StreamFlowError} SF_PIPELINE_STAGE_REJECTED where the shape does not say so
   */
  readonly asynchronous: (work: AsyncWork) => Emit;
  readonly clock: Clock;
  /** For delays between attempts. */
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Shapes of the inputs, as planned. */
  readonly inputShapes: readonly Shape[];
  /** Functions that expressions may call. */
  readonly functions: FunctionTable;
}

/** Records that are emitted together, one after the other: inserts, known by their fields. What they are made of is not used afterwards. */
export interface EmittedRecords {
  readonly length: number;
  /** The fields, in order: the first `length` values of each, none of which is undefined. */
  readonly columns: readonly Column[];
  readonly timestamps: Float64Array;
  /** The number of the column that holds the keys. */
  readonly keyColumn: number;
}

/**
 * State that is nothing but sums of what records bring, so that those of some records can be made elsewhere and added at once (docs/adr/0007).
 * - TOT-1. Records are taken in one by one, or what an empty operator of the same configuration took out after they were: the state is the same, number for number, and
 *   in the same order, as long as event time makes nothing due meanwhile.
 * - TOT-2. `add` answers false where it cannot keep TOT-1: then the records themselves follow, and the state is the same as if `add` had not been called.
 */
export interface OperatorTotals {
  /** Takes out everything that was added up; undefined, and it is gone, where it is more than numbers. */
  take(): Omit<BatchTotals, "watermarkMs"> | undefined;
  add(totals: BatchTotals): boolean;
}

/**
 * A running operator.
 * - OPR-1. `inputs[i]` is called once per record of input `i`, in order; it emits synchronously, or when the engine brings an answer (ASY).
 * - OPR-2. It keeps everything that must survive a crash in its tables and key timers; everything else is derivable in `restored()`.
 * - OPR-3. A user function that throws makes `reject` for that value alone: what was emitted before stays, what comes after goes on.
 * - OPR-4. What it emits is a function of its input records, their order and the watermark at each record: never of batches.
 * - OPR-6. `code`, where there is one, does for a record of the only input exactly what `inputs[0]` does. It is asked once for each form of input.
 * - OPR-5. `open` may load data before the first record, and answers a version that is kept in the checkpoint (lookups).
 */
export interface Operator {
  readonly inputs: readonly Emit[];
  /** Statements for one record, for the function that the task is fused into. */
  code?(record: RecordCode, task: TaskCode): string;
  /** There where its shape says `addsUp`. */
  readonly totals?: OperatorTotals;
  onTimer?(timeMs: number, namespace: number): void;
  onKeyTimer?(timeMs: number, key: unknown): void;
  onProcessingTimer?(timeMs: number, namespace: number): void;
  open?(loader: OperatorLoader): Promise<void>;
  restored?(): void;
  close?(): void;
}

/** What `Operator.open` may use. */
export interface OperatorLoader {
  /** The version stored in the checkpoint that is restored, if any. */
  readonly storedVersion: string | undefined;
  /** Keeps a version in all later checkpoints. */
  keepVersion(version: string): void;
  /** Reads a bounded source whole, record by record. */
  readAll(source: unknown, visit: (value: unknown) => void): Promise<void>;
}

/** What is known of the records on an edge. */
export interface Shape {
  /** undefined: unknown. */
  readonly schema: Schema | undefined;
  readonly key: KeyShape | undefined;
  /** Records carry event time and the edge carries watermarks. */
  readonly time: boolean;
  /** `insert`: only new facts; `all`: also updates and deletes. */
  readonly changes: "insert" | "all";
}

/** The key of a keyed edge. */
export interface KeyShape {
  /** undefined: unknown until run time. */
  readonly type: DataType | undefined;
  /** Names of the fields that the key was read from, where it was. */
  readonly fields: readonly string[] | undefined;
  /** All records of a key are in one input partition: no exchange is needed. Declared by the user, checked on the data. */
  readonly coPartitioned: boolean;
}

/** What an operator says of itself for given inputs. */
export interface NodeShape {
  readonly outputs: Readonly<Record<string, Shape>>;
  /** What it reads itself, for each input. */
  readonly reads: readonly Projection[];
  /** Whether records of the (first) input are handed on as they are, so that later readers read the same record: on every output, or on the named ones. */
  readonly forwards: boolean | readonly string[];
  readonly deterministic: boolean;
  readonly stateful: boolean;
  /** Set where the state can grow for ever: why. The planner refuses it unless the user has said so. */
  readonly unboundedState?: string;
  /** It calls functions that may answer later, through `OperatorContext.asynchronous`. */
  readonly asynchronous?: boolean;
  readonly needsKey?: boolean;
  readonly needsTime?: boolean;
  /** Its operator has `totals`. */
  readonly addsUp?: boolean;
  /** One line for `explain`. */
  readonly summary: string;
}

/** What `shape` may consult besides its inputs. */
export interface PlanContext {
  readonly node: string;
  readonly functions: FunctionTable;
}

/** A function that expressions may call. */
export interface ExpressionFunction {
  readonly name: string;
  readonly summary: string;
  /** A list of types: any one of them. A declared float64 takes int32 too. Null may arrive for every parameter, whatever its type. */
  readonly parameters: readonly { readonly name: string; readonly type: DataType | readonly DataType[]; readonly optional?: boolean }[];
  /** True: the last parameter may be repeated. */
  readonly variadic?: boolean;
  result(arguments_: readonly (DataType | undefined)[]): DataType | undefined;
  readonly pure: boolean;
  /** Of a function of one parameter: types of which it answers every value, and null, as it is. Such calls cost nothing. */
  readonly same?: readonly DataType["type"][];
  /** Looks at the arguments that are literals (undefined: not one) when the expression is built: throws SF_EXPRESSION_INVALID for a value that never works. */
  check?(literals: readonly unknown[]): void;
  /** Called without `this`. */
  evaluate(this: void, ...arguments_: unknown[]): unknown;
  /** Runnable, checked example: `upper("a") // => "A"`. */
  readonly example: string;
}

/** Functions by name. */
export interface FunctionTable {
  get(name: string): ExpressionFunction | undefined;
  names(): readonly string[];
}

/**
 * An operator by type name: description and factory.
 * - ODF-1. `shape` opens nothing, is pure, and throws SF_PLAN_INVALID or SF_CONFIG_INVALID for what cannot work.
 * - ODF-2. `create` is called once per instance; instances share nothing.
 * - ODF-3. Of a configuration that is plain data, the definition of this type in `threadOperators` of the module `threads` makes of a copy the same operator.
 */
export interface OperatorDefinition<Config = never> {
  readonly type: string;
  /** Names of the inputs. @defaultValue `["main"]` */
  readonly inputs?: readonly string[];
  /** Names of the outputs. @defaultValue `["main"]` */
  readonly outputs?: readonly string[] | ((config: Config) => readonly string[]);
  /** Version of the state's meaning: a restore under another version is refused, or goes through `migrate` of the serializers. @defaultValue 1 */
  readonly stateVersion?: number;
  /** The module that other threads load which run it (ODF-3); undefined: none may. */
  readonly threads?: (config: Config) => URL | undefined;
  shape(config: Config, inputs: readonly Shape[], context: PlanContext): NodeShape;
  create(config: Config, context: OperatorContext): Operator;
}

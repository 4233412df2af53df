// One running instance of a node: the operator with its state, timers and place in event time.
import type { Clock, Logger, Random } from "../contracts/environment.ts";
import type { AsyncWork, Cursor, Emit, EmittedRecords, FunctionTable, Operator, OperatorContext, OperatorState, Serializer, Timers } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";
import { plainSerializer } from "../keyed/state-codec.ts";
import type { KeyRules, MemoryTable } from "../keyed/keyed-table.ts";
import { TableSet } from "../keyed/table-set.ts";
import type { PhysicalNode } from "../plan/physical-plan.ts";
import { type AsyncPlace, AsyncStage } from "./async-stage.ts";
import type { AsyncStages } from "./async-stages.ts";
import { broken } from "./broken.ts";
import { emitRows } from "./emitted-rows.ts";
import { Gate, type GateListener } from "./gate.ts";
import type { ProcessingTimers } from "./processing-timers.ts";
import { TimeHeap } from "./time-heap.ts";

/** What all instances of an executor share. */
export interface InstanceHost {
  readonly cursor: Cursor;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly functions: FunctionTable;
  readonly asyncStages: AsyncStages;
  readonly processingTimers: ProcessingTimers;
  /** `outputs`: the connected "rejected" outputs of the instance's scope, by node. */
  reject(node: string, error: StreamFlowError, value: unknown, outputs?: ReadonlyMap<string, Emit>): void;
}

/** How one instance is wired. */
export interface InstanceWiring {
  readonly entry: PhysicalNode;
  /** Event time on its input, and behind it. */
  readonly gate: Gate;
  readonly output: Gate;
  readonly keys: KeyRules;
  /** The emitter of an output; never undefined: an output that nothing reads is counted and dropped. */
  next(output: string): Emit;
  /** Hands records on by generated code; answers false, and has done nothing, where there is none. */
  emitAll(records: EmittedRecords): boolean;
  /** Connected "rejected" outputs of its scope, by node. */
  readonly rejected: ReadonlyMap<string, Emit>;
  /** Where it stands, if it is asynchronous. */
  readonly asyncPlace?: AsyncPlace;
}

/** A node that has its own gate behind it: it holds state or timers, moves event time itself, or has records on their way. */
export function isTimed(entry: PhysicalNode): boolean {
  return entry.shape?.stateful === true || entry.shape?.asynchronous === true || entry.node.type === "eventTime";
}

/** A running operator. */
export class OperatorInstance implements GateListener, Timers {
  readonly node: string;
  readonly operator: Operator;
  readonly tables: TableSet;
  readonly gate: Gate;
  /** Event time behind this node; the same gate for nodes without state. */
  readonly output: Gate;
  /** Kept in every checkpoint, for operators that load data (OPR-5). */
  version: string | undefined;
  /** Set where it calls functions that may answer later. */
  asyncStage: AsyncStage | undefined;
  readonly #host: InstanceHost;
  readonly #timers = new TimeHeap();
  readonly #keyTimers: MemoryTable<true>;
  /** It gives records their time, and moves the watermark behind it itself. */
  readonly movesTime: boolean;
  /** Whether timers are firing now. */
  readonly firing: { now: boolean } = { now: false };
  /** Rejects a value for this node. */
  readonly reject: (error: StreamFlowError, value: unknown) => void;

  constructor(host: InstanceHost, wiring: InstanceWiring) {
    const { entry, gate } = wiring;
    this.node = entry.node.id;
    this.#host = host;
    this.gate = gate;
    this.movesTime = entry.node.type === "eventTime";
    this.reject = (error, value) => host.reject(this.node, error, value, wiring.rejected);
    this.output = wiring.output;
    this.tables = new TableSet(this.node, wiring.keys);
    this.#keyTimers = this.tables.table("timers", plainSerializer<true>());
    this.operator = entry.node.definition!.create(entry.node.config as never, this.#context(wiring) as OperatorContext);
    if (this.output !== gate) {
      gate.listen(this);
      gate.feeds(this.output);
    }
  }

  // --- timers -------------------------------------------------------------------------------------------------

  setEvent(timeMs: number, namespace: number): void {
    this.#timers.add(timeMs, namespace);
    this.gate.lower(timeMs);
  }

  clearEvent(timeMs: number, namespace: number): void {
    this.#timers.remove(timeMs, namespace);
  }

  setEventForKey(timeMs: number, key: unknown): void {
    this.#keyTimers.set(timeMs, key, true);
    this.setEvent(timeMs, keyTimerMark);
  }

  clearEventForKey(timeMs: number, key: unknown): void {
    this.#keyTimers.delete(timeMs, key);
  }

  setProcessing(timeMs: number, namespace: number): void {
    this.#host.processingTimers.set(timeMs, this, namespace);
  }

  // --- event time ---------------------------------------------------------------------------------------------

  get nextTimerMs(): number {
    return Math.min(this.#timers.next, this.asyncStage?.isOpen === true ? Infinity : this.output.nextTimerMs);
  }

  advance(watermarkMs: number): void {
    if (this.movesTime) {
      if (watermarkMs === Infinity) this.output.advance(Infinity);
      return;
    }
    this.firing.now = true;
    while (!this.#timers.isEmpty && this.#timers.next <= watermarkMs) this.#fire(this.#timers.next);
    this.firing.now = false;
    if (this.asyncStage === undefined) this.output.advance(watermarkMs);
    else this.asyncStage.advance();
  }

  #fire(timeMs: number): void {
    const { operator } = this;
    for (const namespace of this.#timers.take()) {
      this.#enterTimer();
      if (namespace !== keyTimerMark) {
        operator.onTimer?.(timeMs, namespace);
        continue;
      }
      const keys: unknown[] = [];
      this.#keyTimers.forEach(timeMs, (key) => keys.push(key));
      for (const key of keys) {
        // An earlier key's timer may have cleared this one.
        if (this.#keyTimers.delete(timeMs, key)) operator.onKeyTimer?.(timeMs, key);
      }
    }
  }

  /** A processing timer is due. */
  fireProcessing(timeMs: number, namespace: number): void {
    this.#enterTimer();
    this.operator.onProcessingTimer?.(timeMs, namespace);
  }

  #enterTimer(): void {
    const { cursor } = this.#host;
    cursor.index = -1;
    cursor.change = 0;
    cursor.key = undefined;
    cursor.timestampMs = NaN;
  }

  // --- life ---------------------------------------------------------------------------------------------------

  /** Called once after state has been put back: timers are set again. */
  restored(): void {
    for (const timeMs of this.#keyTimers.namespaces()) this.setEvent(timeMs, keyTimerMark);
    this.operator.restored?.();
  }

  #asynchronous(work: AsyncWork, place: AsyncPlace | undefined): Emit {
    const { node, gate, output } = this;
    if (place === undefined || this.asyncStage !== undefined) {
      throw new StreamFlowError("SF_PIPELINE_STAGE_REJECTED", `stage "${node}" calls functions that may answer later: its shape says so, and it asks once`, { hint: "return asynchronous: true from shape" });
    }
    this.asyncStage = new AsyncStage(this.#host.asyncStages, { node, work, gate, output, place });
    return this.asyncStage.push;
  }

  #context(wiring: InstanceWiring): OperatorContext & { readonly outputGate: Gate } {
    const { gate, output } = this;
    const host = this.#host;
    const bind = (name: string): Emit => {
      const next = wiring.next(name);
      if (output === gate || this.movesTime || wiring.asyncPlace !== undefined) return next;
      return (value) => {
        // What is emitted for a record comes after the watermark of all records before it (G2).
        if (output.watermarkMs < gate.watermarkMs && !this.firing.now) output.advance(gate.watermarkMs);
        next(value);
      };
    };
    const node = this.node;
    const emit = bind("main");
    const state: OperatorState = {
      table: <V>(name: string, serializer: Serializer<V>) => this.tables.table(name, serializer),
      numbers: (name, options) => this.tables.numbers(name, options),
    };
    return {
      node,
      cursor: host.cursor,
      emit,
      output: bind,
      emitAll: (records) => {
        if (!this.firing.now || !wiring.emitAll(records)) emitRows(records, host.cursor, emit);
      },
      reject: this.reject,
      time: broken("late-rule") ? new Gate() : gate,
      state,
      timers: this,
      asynchronous: (work) => this.#asynchronous(work, wiring.asyncPlace),
      clock: host.clock,
      random: host.random,
      logger: host.logger,
      signal: host.signal,
      inputShapes: wiring.entry.inputShapes,
      functions: host.functions,
      outputGate: output,
    };
  }
}

/** The namespace under which key timers stand in the heap: namespaces of operators are finite. */
const keyTimerMark = Infinity;

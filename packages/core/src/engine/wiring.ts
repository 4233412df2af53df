// Builds the running operators of a physical plan: once for the shared scope, once more for every partition.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Logger } from "../contracts/environment.ts";
import type { Emit, EmittedRecords } from "../contracts/operator.ts";
import type { KeyRules } from "../keyed/keyed-table.ts";
import { inputNames, rejectedOutput } from "../plan/graph.ts";
import type { PlanEdge } from "../plan/logical-plan.ts";
import { addedUp } from "../plan/added-up.ts";
import { parallelismOf } from "../plan/parallelism.ts";
import type { PhysicalNode, PhysicalPlan } from "../plan/physical-plan.ts";
import { isBridged } from "../plan/shapes.ts";
import { StreamFlowError } from "../errors.ts";
import type { AsyncPlace } from "./async-stage.ts";
import { Bridge } from "./bridge.ts";
import { keepingCursor } from "./emitted-rows.ts";
import type { CodeGraph, CodeTarget } from "./fuse.ts";
import { FusedTask } from "./fused-task.ts";
import { Gate, MergeGate, type MergeInput } from "./gate.ts";
import { type InstanceHost, isTimed, OperatorInstance } from "./instance.ts";
import { keyRules } from "./key-rules.ts";
import { type Adding, PartitionTask, partitionShard } from "./task.ts";

/** Output of the shared scope belongs to all key groups together. */
export const sharedShard: ShardId = "k:*";

/** So many records of an operator are worth a function. */
const enoughEmitted = 256;

/** What the wiring leads to besides operators. */
export interface WiringEnds {
  /** The emitter into a sink, for output of one shard. */
  sink(node: string, shard: ShardId): Emit;
  /** Counts a late record, whether or not something reads it. */
  late(node: string): void;
}

/** A node in work: an operator or a bridged stage. */
interface Running {
  readonly inputs: readonly Emit[];
  readonly instance?: OperatorInstance;
  readonly bridge?: Bridge;
}

/** Gates on both sides of a node. */
interface Gates {
  readonly gate: Gate;
  readonly output: Gate;
  readonly merge?: MergeGate;
}

/** What is known while one scope is being built. */
interface Scope {
  readonly shard: ShardId;
  readonly gates: Map<string, Gates>;
  readonly running: Map<string, Running>;
  readonly merges: MergeInput[];
  /** The ways into the shared scope, by edge: each is one input of a merge. */
  readonly exchanges: Map<PlanEdge, Emit>;
  /** Emitters of connected "rejected" outputs, by node. */
  readonly rejected: Map<string, Emit>;
  readonly isPartition: boolean;
}

/** The operators of one executor. */
export class Wiring {
  readonly plan: PhysicalPlan;
  readonly #host: InstanceHost;
  readonly #ends: WiringEnds;
  readonly #nodes: ReadonlyMap<string, PhysicalNode>;
  readonly #shared: Scope = { shard: sharedShard, gates: new Map(), running: new Map(), merges: [], exchanges: new Map(), rejected: new Map(), isPartition: false };
  readonly #places = new WeakMap<OperatorInstance, { readonly scope: Scope; readonly entry: PhysicalNode }>();

  constructor(plan: PhysicalPlan, host: InstanceHost, ends: WiringEnds) {
    this.plan = plan;
    this.#host = host;
    this.#ends = ends;
    this.#nodes = new Map(plan.nodes.map((entry) => [entry.node.id, entry]));
    this.#build(this.#shared, plan.nodes.filter((entry) => entry.scope === "shared" && entry.node.kind === "stage"));
  }

  /** Operators of the shared scope. */
  get sharedInstances(): readonly OperatorInstance[] {
    return instancesOf(this.#shared);
  }

  get sharedBridges(): readonly Bridge[] {
    return bridgesOf(this.#shared);
  }

  /** Gates behind exchanges and operators of the shared scope, by node: part of the checkpoint. */
  get sharedGates(): ReadonlyMap<string, Gate> {
    return timedGates(this.#shared, this.#nodes);
  }

  /** Merges of the shared scope whose inputs are all inside it. */
  get sharedMerges(): readonly MergeGate[] {
    return innerMerges(this.#shared, this.#nodes);
  }

  /** Builds the operators of one partition. */
  buildPartition(source: string, partition: string): { readonly task: PartitionTask; readonly gates: ReadonlyMap<string, Gate>; readonly innerMerges: readonly MergeGate[] } {
    const gate = new Gate();
    const shard = partitionShard(source, partition);
    const scope: Scope = { shard, gates: new Map([[source, { gate, output: gate }]]), running: new Map(), merges: [], exchanges: new Map(), rejected: new Map(), isPartition: true };
    this.#build(scope, this.plan.nodes.filter((entry) => entry.source === source && entry.scope === "partition" && entry.node.kind === "stage"));
    const entry = this.#node(source);
    this.#rejected(scope, entry);
    const push = this.#emitter(scope, entry, "main");
    const timeGates = [...scope.gates].filter(([id]) => this.#node(id).node.type === "eventTime").map(([, gates]) => gates.output);
    const task = new PartitionTask({
      source, partition, cursor: this.#host.cursor, push, fused: new FusedTask(this.#codeGraph(scope, entry), this.#host.cursor), gate, timeGates, rejected: scope.rejected,
      instances: instancesOf(scope), bridges: bridgesOf(scope), merges: scope.merges, ...this.#adding(scope, entry),
    });
    return { task, gates: timedGates(scope, this.#nodes), innerMerges: innerMerges(scope, this.#nodes) };
  }

  /** Where totals of other threads go. */
  #adding(scope: Scope, entry: PhysicalNode): { readonly adding?: Adding } {
    if (parallelismOf(entry.node, this.plan.logical.config) === 1) return {};
    const { stages } = addedUp(this.plan, entry, this.#host.functions);
    const instance = scope.running.get(stages.at(-1)?.node.id ?? "")?.instance;
    const totals = instance?.operator.totals;
    return instance === undefined || totals === undefined ? {} : { adding: { time: instance.gate, totals } };
  }

  /** Takes a partition's inputs out of the shared scope. */
  releasePartition(task: PartitionTask, logger: Logger): void {
    for (const merge of task.parts.merges) merge.detach();
    for (const instance of task.parts.instances) this.#host.processingTimers.forget(instance);
    this.closeOperators(task.parts.instances, logger);
    // A stage that does not end must not keep the partition from its next owner.
    for (const bridge of task.parts.bridges) bridge.close().catch(() => undefined);
  }

  /** Frees what operators hold. One that throws keeps no other from it. */
  closeOperators(instances: readonly OperatorInstance[], logger: Logger): void {
    for (const instance of instances) {
      instance.asyncStage?.close();
      try {
        instance.operator.close?.();
      } catch (error) {
        logger.warn("a stage could not be closed", { node: instance.node, error: String(error) });
      }
    }
  }

  /** Gates first, upstream to downstream; then operators, downstream to upstream, so that each can be given what comes next. */
  #build(scope: Scope, entries: readonly PhysicalNode[]): void {
    for (const entry of entries) scope.gates.set(entry.node.id, this.#gatesOf(scope, entry));
    for (const entry of entries.toReversed()) {
      this.#rejected(scope, entry);
      scope.running.set(entry.node.id, this.#start(scope, entry));
    }
  }

  #gatesOf(scope: Scope, entry: PhysicalNode): Gates {
    const inside = [...new Set(entry.incoming.map((edge) => scope.gates.get(edge.from)?.output))].filter((gate) => gate !== undefined);
    const outside = entry.incoming.some((edge) => !scope.gates.has(edge.from));
    const single = !outside && inside.length === 1 ? inside[0] : undefined;
    const merge = single === undefined ? new MergeGate() : undefined;
    if (merge !== undefined) for (const gate of inside) merge.add(gate);
    const gate = single ?? merge!.output;
    const output = isTimed(entry) || isBridged(entry.node) ? new Gate() : gate;
    return merge === undefined ? { gate, output } : { gate, output, merge };
  }

  #start(scope: Scope, entry: PhysicalNode): Running {
    const { gate, output } = scope.gates.get(entry.node.id)!;
    if (isBridged(entry.node)) {
      const next = this.#emitter(scope, entry, "main");
      const bridge = new Bridge({ node: entry.node.id, process: entry.node.bridge!, cursor: this.#host.cursor, gate, output, next });
      return { inputs: [bridge.push], bridge };
    }
    const keys: KeyRules = keyRules(entry, scope.isPartition ? "partition" : "shared");
    const place = entry.shape?.asynchronous === true ? { asyncPlace: this.#asyncPlace(scope, entry) } : {};
    const instance = new OperatorInstance(this.#host, { entry, gate, output, keys, next: (name) => this.#emitter(scope, entry, name), emitAll: this.#allEmitter(scope, entry), rejected: scope.rejected, ...place });
    this.#places.set(instance, { scope, entry });
    return { inputs: instance.operator.inputs, instance };
  }

  #asyncPlace(scope: Scope, entry: PhysicalNode): AsyncPlace {
    const moved = this.#moved(scope);
    return {
      rank: this.plan.nodes.indexOf(entry),
      mark: isOnlyWay(entry, this.#nodes) ? "" : entry.node.id,
      settleTime: () => {
        for (const gate of moved) gate.tell();
      },
    };
  }

  /** A way for records that are emitted together: by a generated function, once there were enough of them to make one. */
  #allEmitter(scope: Scope, entry: PhysicalNode): (records: EmittedRecords) => boolean {
    const { cursor } = this.#host;
    let task: FusedTask | undefined;
    let count = 0;
    return (records) => {
      count += records.length;
      if (count < enoughEmitted) return false;
      const fused = (task ??= new FusedTask(this.#codeGraph(scope, entry), cursor, true));
      return keepingCursor(cursor, () => fused.run(records));
    };
  }

  /** The same ways that the closures take. */
  #codeGraph(scope: Scope, source: PhysicalNode): CodeGraph {
    return {
      entry: this.#codeTargets(scope, source, "main"),
      targets: (instance, output) => {
        const place = this.#places.get(instance);
        return place === undefined ? [] : this.#codeTargets(place.scope, place.entry, output);
      },
    };
  }

  #codeTargets(scope: Scope, entry: PhysicalNode, output: string): readonly CodeTarget[] {
    if (output === "late") return [{ emit: this.#emitter(scope, entry, output) }];
    return entry.outgoing.filter((edge) => edge.output === output).map((edge): CodeTarget => {
      const emit = this.#target(scope, edge);
      const isInside = scope.running.has(edge.to);
      const instance = (isInside ? scope : this.#shared).running.get(edge.to)?.instance;
      if (instance === undefined || instance.operator.inputs.length !== 1) return { emit };
      const isInTime = !isInside || scope.gates.get(edge.to)?.merge !== undefined;
      return isInTime ? { emit, instance, tells: this.#moved(scope) } : { emit, instance };
    });
  }

  /** One function that hands a value to everything that reads an output. */
  #emitter(scope: Scope, entry: PhysicalNode, output: string): Emit {
    const edges = entry.outgoing.filter((edge) => edge.output === output);
    const targets = edges.map((edge) => this.#target(scope, edge));
    const [first] = targets;
    const next = first === undefined ? () => undefined : targets.length === 1 ? first : this.#fanOut(targets);
    return output === "late" ? this.#counted(entry.node.id, next) : next;
  }

  #counted(node: string, next: Emit): Emit {
    return (value) => {
      this.#ends.late(node);
      next(value);
    };
  }

  /** What reads the rejected records of a node; undefined: they are dead letters. */
  #rejected(scope: Scope, entry: PhysicalNode): void {
    if (!entry.outgoing.some((edge) => edge.output === rejectedOutput)) return;
    scope.rejected.set(entry.node.id, this.#emitter(scope, entry, rejectedOutput));
  }

  /** Every branch sees the record as it was: one may have re-keyed or re-timed it. */
  #fanOut(targets: readonly Emit[]): Emit {
    const { cursor } = this.#host;
    return (value) => {
      const { timestampMs, key, change, index } = cursor;
      for (const target of targets) {
        cursor.timestampMs = timestampMs;
        cursor.key = key;
        cursor.change = change;
        cursor.index = index;
        target(value);
      }
    };
  }

  #target(scope: Scope, edge: PlanEdge): Emit {
    const entry = this.#node(edge.to);
    if (entry.node.kind === "sink") return this.#ends.sink(entry.node.id, scope.shard);
    const index = Math.max(0, inputNames(entry.node).indexOf(edge.input));
    const inside = scope.running.get(edge.to)?.inputs[index];
    if (inside === undefined) return this.#exchange(scope, edge, index);
    return scope.gates.get(edge.to)?.merge === undefined ? inside : this.#inTime(scope, inside);
  }

  /** In front of a merge: what `eventTime` stages have moved without a word is told first, on whatever way it gets there. */
  #inTime(scope: Scope, next: Emit): Emit {
    const moved = this.#moved(scope);
    return (value) => {
      for (const gate of moved) gate.tell();
      next(value);
    };
  }

  /** The gates that `eventTime` stages move. */
  #moved(scope: Scope): readonly Gate[] {
    return [...scope.gates].filter(([id]) => this.#node(id).node.type === "eventTime").map(([, { output }]) => output);
  }

  /** From a partition into the shared scope. */
  #exchange(scope: Scope, edge: PlanEdge, index: number): Emit {
    const known = scope.exchanges.get(edge);
    if (known !== undefined) return known;
    const merge = this.#shared.gates.get(edge.to)?.merge;
    const next = this.#shared.running.get(edge.to)?.inputs[index];
    const from = scope.gates.get(edge.from)?.output;
    if (merge === undefined || next === undefined || from === undefined) throw new StreamFlowError("SF_INTERNAL", `no way from "${edge.from}" to "${edge.to}"`);
    scope.merges.push(merge.add(from));
    const emit = this.#inTime(scope, next);
    scope.exchanges.set(edge, emit);
    return emit;
  }

  #node(id: string): PhysicalNode {
    const entry = this.#nodes.get(id);
    if (entry === undefined) throw new StreamFlowError("SF_INTERNAL", `there is no node "${id}"`);
    return entry;
  }
}

/** Whether everything that comes to the nodes behind a node has come through it. */
function isOnlyWay(entry: PhysicalNode, nodes: ReadonlyMap<string, PhysicalNode>): boolean {
  const behind = new Set([entry.node.id]);
  for (const { node, outgoing } of nodes.values()) if (behind.has(node.id)) for (const edge of outgoing) behind.add(edge.to);
  return [...behind].every((id) => id === entry.node.id || nodes.get(id)?.incoming.every((edge) => behind.has(edge.from)) === true);
}

function instancesOf(scope: Scope): readonly OperatorInstance[] {
  return [...scope.running.values()].map((running) => running.instance).filter((instance) => instance !== undefined);
}

/** Upstream first: running nodes were added from the end. */
function bridgesOf(scope: Scope): readonly Bridge[] {
  return [...scope.running.values()].map((running) => running.bridge).filter((bridge) => bridge !== undefined).toReversed();
}

/** Merges of branches that are all in one scope: they are put back as one. Those of an exchange wait until all partitions are there. */
function innerMerges(scope: Scope, nodes: ReadonlyMap<string, PhysicalNode>): readonly MergeGate[] {
  return [...scope.gates].flatMap(([id, { merge }]) => (merge !== undefined && nodes.get(id)?.incoming.every((edge) => scope.gates.has(edge.from)) === true ? merge : []));
}

/** Gates that hold a watermark of their own. */
function timedGates(scope: Scope, nodes: ReadonlyMap<string, PhysicalNode>): ReadonlyMap<string, Gate> {
  const found = new Map<string, Gate>();
  for (const [id, { gate, output, merge }] of scope.gates) {
    if (merge !== undefined) found.set(`${id}<`, gate);
    const entry = nodes.get(id);
    if (entry !== undefined && output !== gate) found.set(id, output);
    if (entry?.node.kind === "source") found.set(id, gate);
  }
  return found;
}

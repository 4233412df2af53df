// Dead letters, given to the nodes that refused them.
//   L1. A letter enters where it left: nobody in front of that node, and nobody beside it, gets the record twice. One of a source is decoded again.
//   L2. Exactly once: the number of the last letter is part of the same checkpoint as what came of it. What is replayed again after a crash is what was not
//       committed; sinks get it under the identity that it had, or under one made of its place and its number.
//   L3. No letter is lost: one that is refused again, or has no way back, is appended anew before the checkpoint, and the old ones are removed behind it.
// A replayed record meets the state and the event time of now: it may be late.
import { decodeDeadLetter, type DeadLetter, deadLetterLog, encodeDeadLetter } from "../contracts/dead-letter.ts";
import type { Cursor, Emit } from "../contracts/operator.ts";
import type { LogStore } from "../contracts/stores.ts";
import { StreamFlowError } from "../errors.ts";
import { StateReader } from "../keyed/state-codec.ts";
import type { PhysicalNode, PhysicalPlan } from "../plan/physical-plan.ts";
import type { Batch, ChangeKind } from "../record.ts";
import type { BatchRunner } from "./batch-runner.ts";
import type { CheckpointSchedule } from "./checkpoint-schedule.ts";
import type { ReplayResult } from "./executor-options.ts";
import { type InHand, Origin } from "./in-hand.ts";
import type { Partitions } from "./partitions.ts";
import { replayedLetter, type RejectPort } from "./reject-port.ts";
import type { SinkPort } from "./sink-port.ts";
import type { PartitionTask } from "./task.ts";
import { sharedShard, type Wiring } from "./wiring.ts";

/** What a replay works with. */
export interface ReplayParts {
  readonly plan: PhysicalPlan;
  readonly log: LogStore;
  readonly partitions: Partitions;
  readonly wiring: Wiring;
  readonly ports: readonly SinkPort[];
  readonly rejects: RejectPort;
  readonly cursor: Cursor;
  readonly inHand: InHand;
  readonly runner: BatchRunner;
  readonly schedule: CheckpointSchedule;
}

const pageSize = 500;
const maxRecordBytes = 16 << 20;

/** Replays all dead letters that there are now. Answers when what came of them is committed. */
export function replayDeadLetters(parts: ReplayParts): Promise<ReplayResult> {
  return new DeadLetterReplay(parts).run();
}

/** The way of a letter back into the pipeline. */
interface Way {
  readonly task: PartitionTask;
  readonly emit: Emit;
  readonly values: readonly unknown[];
  readonly key?: unknown;
  /** Set for a sink. */
  readonly port?: SinkPort;
}

class DeadLetterReplay {
  readonly #parts: ReplayParts;
  readonly #log: string;
  readonly #nodes: ReadonlyMap<string, PhysicalNode>;

  constructor(parts: ReplayParts) {
    this.#parts = parts;
    this.#log = deadLetterLog(parts.plan.logical.config.name);
    this.#nodes = new Map(parts.plan.nodes.map((entry) => [entry.node.id, entry]));
  }

  async run(): Promise<ReplayResult> {
    const { partitions, log, rejects, runner, schedule } = this.#parts;
    const { name } = this.#parts.plan.logical.config;
    if (partitions.replay.isRunning) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `sinks of pipeline "${name}" are at different places: dead letters cannot be replayed before they are at one`, { hint: "run the pipeline once more, and then replay" });
    const refusedBefore = rejects.total;
    const done = this.#done;
    const left: { readonly cursor: number; readonly letter: DeadLetter }[] = [];
    let [replayed, last] = [0, 0];
    for await (const { cursor, letter } of this.#letters()) {
      last = cursor;
      // What an attempt before has left, which was not committed: the letter that it was made of comes now.
      const isRemnant = letter.replayOf !== undefined && letter.replayOf > done;
      if (cursor <= done || isRemnant) continue;
      const way = this.#wayOf(letter);
      if (way === undefined) left.push({ cursor, letter });
      else {
        await this.#enter(way, cursor, letter);
        replayed++;
      }
      for (const { task } of partitions.slots) task.replayed = cursor;
      schedule.isDirty = true;
    }
    await runner.drain();
    rejects.replaying = undefined;
    if (left.length > 0) await this.#keep(left);
    const refused = rejects.total - refusedBefore;
    await schedule.takeIfDirty();
    if (last > 0) await log.trim(this.#log, last);
    return { replayed, refused, left: left.length };
  }

  /** The last letter whose effects are in the checkpoint that was restored. */
  get #done(): number {
    return Math.max(0, ...this.#parts.partitions.slots.map(({ task }) => task.replayed));
  }

  get #generation(): number {
    return this.#parts.partitions.slots[0]?.task.generation ?? 0;
  }

  /** Those that are there at the beginning. */
  async *#letters(): AsyncGenerator<{ readonly cursor: number; readonly letter: DeadLetter }> {
    const { log } = this.#parts;
    let count = await log.count(this.#log);
    for (let cursor = 0; count > 0; ) {
      const page = await log.read(this.#log, cursor, Math.min(count, pageSize));
      if (page.length === 0) return;
      count -= page.length;
      for (const entry of page) yield { cursor: (cursor = entry.cursor), letter: decodeDeadLetter(entry.payload) };
    }
  }

  /** Appends those that have no way back anew. */
  async #keep(left: readonly { readonly cursor: number; readonly letter: DeadLetter }[]): Promise<void> {
    const kept = left.map(({ cursor, letter }) => ({ ...letter, ...replayedLetter(letter.key, { number: cursor, generation: this.#generation }) }));
    await this.#parts.log.append(this.#log, kept.map(encodeDeadLetter), { keys: kept.map(({ key }) => key) });
  }

  async #enter({ task, emit, values, key, port }: Way, number: number, letter: DeadLetter): Promise<void> {
    const { cursor, inHand, runner, rejects } = this.#parts;
    const { entry } = letter;
    rejects.replaying = { number, generation: this.#generation };
    if (port !== undefined) port.replayedIdentity = entry?.identity;
    inHand.take(new Origin(task, batchOf(letter, values), () => undefined), entry === undefined ? "" : ` of letter ${number}`);
    for (const value of values) {
      cursor.index = 0;
      cursor.timestampMs = entry?.timestampMs ?? NaN;
      cursor.change = (entry?.change ?? 0) as ChangeKind;
      cursor.key = key;
      emit(value);
    }
    cursor.index = -1;
    for (const gate of task.parts.timeGates) gate.settle();
    await runner.settle(task);
    if (port !== undefined) port.replayedIdentity = undefined;
    inHand.take();
  }

  #wayOf(letter: DeadLetter): Way | undefined {
    const found = this.#nodes.get(letter.node);
    if (found === undefined) return undefined;
    if (found.node.kind === "source") return this.#intoSource(letter, found);
    if (letter.entry === undefined) return undefined;
    const reader = new StateReader(Buffer.from(letter.entry.state, "base64"));
    const stored = { values: [reader.value()], key: reader.value() };
    return found.node.kind === "sink" ? this.#intoSink(letter, stored) : this.#intoStage(letter, found, stored);
  }

  #intoSource(letter: DeadLetter, { node }: PhysicalNode): Way | undefined {
    const task = this.#taskOf(letter);
    const { decoder, schema } = node.source ?? {};
    if (task === undefined || decoder === undefined || letter.truncated) return undefined;
    const values: unknown[] = [];
    let isRefused = false;
    const options = { projection: this.#parts.plan.projections.get(node.id) ?? ("all" as const), maxRecordBytes, ...(schema === undefined ? {} : { schema }) };
    const { raw, position } = letter;
    const made = decoder.create(options);
    const state = position === undefined ? "" : (node.source?.decoderState?.(position) ?? "");
    if (state !== "") made.restore?.(state);
    made.decode(raw, 0, raw.length, true, { value: (value) => void values.push(value), reject: () => (isRefused = true) });
    return isRefused || values.length === 0 ? undefined : { task, emit: task.parts.push, values };
  }

  #intoSink(letter: DeadLetter, stored: Pick<Way, "values" | "key">): Way | undefined {
    const port = this.#parts.ports.find(({ node }) => node === letter.node);
    const identity = letter.entry?.identity;
    if (port === undefined || identity === undefined) return undefined;
    const { slots } = this.#parts.partitions;
    const task = identity.shard === sharedShard ? slots[0]?.task : slots.find(({ task: { shard } }) => shard === identity.shard)?.task;
    return task === undefined ? undefined : { task, emit: port.input(identity.shard), port, ...stored };
  }

  #intoStage(letter: DeadLetter, { node, scope }: PhysicalNode, stored: Pick<Way, "values" | "key">): Way | undefined {
    const { partitions, wiring } = this.#parts;
    const own = this.#taskOf(letter);
    const task = scope === "shared" ? (own ?? partitions.slots[0]?.task) : own;
    const instances = scope === "shared" ? wiring.sharedInstances : (task?.parts.instances ?? []);
    const inputs = instances.find((instance) => instance.node === node.id)?.operator.inputs ?? [];
    const [emit] = inputs;
    // Of several inputs nobody knows which one it was.
    return task === undefined || emit === undefined || inputs.length > 1 ? undefined : { task, emit, ...stored };
  }

  /** That of the partition; of a timer's output the only one. */
  #taskOf({ source, partition }: DeadLetter): PartitionTask | undefined {
    const { slots } = this.#parts.partitions;
    if (partition === undefined) return slots.length === 1 ? slots[0]?.task : undefined;
    return slots.find(({ task: { parts } }) => parts.partition === partition && (source === undefined || parts.source === source))?.task;
  }
}

/** Where the records are from, for their identities and for letters that they become again. */
function batchOf({ partition, position = "", raw }: DeadLetter, values: readonly unknown[]): Batch {
  return {
    partition: partition ?? "",
    length: values.length,
    values,
    raw: { bytes: raw, starts: values.map(() => 0), ends: values.map(() => raw.length) },
    endPosition: position,
    byteLength: raw.length,
    positionAt: () => position,
  };
}

// A broker in memory: partitions that records are pushed to, members that partitions are given to. It outlives every simulated process.
import { onAbort } from "../async/abort.ts";
import { Signal } from "../async/signal.ts";
import type { PartitionEvents, PollLimits, PollResult, Source, SourceSession } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import type { Position } from "../record.ts";
import type { Schema } from "../schema.ts";

/** What a record counts for in the memory budget. */
const recordBytes = 64;

interface Partition {
  readonly name: string;
  readonly records: unknown[];
  isEnded: boolean;
  generation: number;
}

interface Member {
  readonly events: PartitionEvents;
  readonly session: BrokerSession;
}

/** Options of {@link Broker}. */
export interface BrokerOptions {
  /** @defaultValue ["0"] */
  readonly partitions?: readonly string[];
  readonly schema?: Schema;
  /** Whether the source says that it ends. Set it to test bounded pipelines; then `end()` them. @defaultValue false */
  readonly bounded?: boolean;
  /** Whether the source says that a group spreads its partitions over processes. @defaultValue false */
  readonly shared?: boolean;
  /** Whether a pipeline that has nothing to read may close it until there is something (SRC-15). Not where partitions move. @defaultValue false */
  readonly canSleep?: boolean;
}

/** A replayable source with any number of partitions, under the test's control. Positions are counts of records. */
export class Broker {
  readonly #options: BrokerOptions;
  readonly #partitions: Map<string, Partition>;
  readonly #members = new Map<string, Member>();
  readonly #owners = new Map<string, string>();
  #sleepers: (() => void)[] = [];

  constructor(options: BrokerOptions = {}) {
    this.#options = options;
    this.#partitions = new Map((options.partitions ?? ["0"]).map((name) => [name, { name, records: [], isEnded: false, generation: 0 }]));
  }

  get partitions(): readonly string[] {
    return [...this.#partitions.keys()];
  }

  /** The source as one member of the group sees it. It starts with the partitions that `give` has named; the first member alone gets all. */
  source<Out = unknown>(member: string = "main"): Source<Out> {
    const { schema, bounded = false, shared = false } = this.#options;
    return {
      type: "broker",
      config: { partitions: this.partitions },
      capabilities: { replayable: true, bounded, deterministic: true, ...(this.#partitions.size === 1 ? { singlePartition: true } : {}), ...(shared ? { shared } : {}) },
      ...(schema === undefined ? {} : { schema }),
      open: async (context) => {
        const session = new BrokerSession(this.#partitions, context.signal);
        if (this.#options.canSleep === true) session.sleep = (wake) => session.isRead && this.#sleepers.push(wake) > 0;
        this.#members.set(member, { events: context.partitions, session });
        if (this.#owners.size === 0) for (const name of this.partitions) this.#owners.set(name, member);
        const owned = this.partitions.filter((name) => this.#owners.get(name) === member);
        await this.#assign(member, owned);
        return session;
      },
    };
  }

  /** Appends records. */
  push(partition: string, records: readonly unknown[]): void {
    const found = this.#partition(partition);
    if (found.isEnded) throw new StreamFlowError("SF_PLAN_INVALID", `partition "${partition}" has ended`);
    found.records.push(...records);
    this.#wake();
  }

  /** No more records will come. */
  end(...partitions: readonly string[]): void {
    for (const name of partitions.length === 0 ? this.partitions : partitions) this.#partition(name).isEnded = true;
    this.#wake();
  }

  /** Says who is to own a partition, before its members start. */
  give(partition: string, member: string): void {
    this.#partition(partition);
    this.#owners.set(partition, member);
  }

  /** Moves a partition between running members: revoked from one, then assigned to the other. */
  async move(partition: string, to: string): Promise<void> {
    const from = this.#owners.get(partition);
    const old = from === undefined ? undefined : this.#members.get(from);
    await old?.events.revoked([partition], Infinity);
    this.#owners.set(partition, to);
    await this.#assign(to, [partition]);
  }

  /** Takes a partition from its owner without notice, and gives it to another member. */
  async take(partition: string, to: string): Promise<void> {
    const from = this.#owners.get(partition);
    if (from !== undefined) this.#members.get(from)?.events.lost([partition]);
    this.#owners.set(partition, to);
    await this.#assign(to, [partition]);
  }

  /** Gives a partition to another member while its owner, unaware, goes on with it: what a stopped process finds when it wakes. */
  async takeSilently(partition: string, to: string): Promise<void> {
    this.#owners.set(partition, to);
    await this.#assign(to, [partition]);
  }

  async #assign(member: string, names: readonly string[]): Promise<void> {
    const found = this.#members.get(member);
    if (found === undefined) return;
    const assignments = names.map((name) => ({ partition: name, generation: ++this.#partition(name).generation }));
    const starts = await found.events.assigned(assignments);
    found.session.start(starts);
  }

  #wake(): void {
    for (const wake of this.#sleepers.splice(0)) wake();
    for (const { session } of this.#members.values()) session.wake();
  }

  #partition(name: string): Partition {
    const found = this.#partitions.get(name);
    if (found === undefined) throw new StreamFlowError("SF_PLAN_INVALID", `there is no partition "${name}"`);
    return found;
  }
}

class BrokerSession implements SourceSession {
  readonly #partitions: ReadonlyMap<string, Partition>;
  readonly #next = new Map<string, number>();
  readonly #signal = new Signal();
  readonly #stop: AbortSignal;
  readonly #forgetAbort: () => void;
  #isClosed = false;
  sleep?: (wake: () => void) => boolean;

  constructor(partitions: ReadonlyMap<string, Partition>, stop: AbortSignal) {
    this.#partitions = partitions;
    this.#stop = stop;
    this.#forgetAbort = onAbort(stop, () => this.wake());
  }

  start(starts: ReadonlyMap<string, Position | undefined>): void {
    for (const [name, position] of starts) this.#next.set(name, position === undefined ? 0 : Number(position));
    this.wake();
  }

  /** Nothing is left to be read, and no partition has ended. */
  get isRead(): boolean {
    return [...this.#next].every(([name, next]) => this.#partitions.get(name)?.records.length === next && this.#partitions.get(name)?.isEnded === false);
  }

  poll(name: string, limits: PollLimits): PollResult {
    const partition = this.#partitions.get(name);
    const from = this.#next.get(name);
    if (partition === undefined || from === undefined) return "idle";
    const room = Math.max(1, Math.min(limits.maxRecords, Math.floor(limits.maxBytes / recordBytes)));
    const count = Math.min(room, partition.records.length - from);
    if (count === 0) return partition.isEnded ? "end" : "idle";
    this.#next.set(name, from + count);
    return {
      partition: name,
      length: count,
      values: partition.records.slice(from, from + count),
      endPosition: String(from + count),
      byteLength: count * recordBytes,
      positionAt: (index) => String(from + index + 1),
    };
  }

  async ready(): Promise<void> {
    if (!this.#stop.aborted && !this.#isClosed) await this.#signal.wait();
  }

  wake(): void {
    this.#signal.raise();
  }

  close(): Promise<void> {
    this.#isClosed = true;
    this.#forgetAbort();
    this.wake();
    return Promise.resolve();
  }
}

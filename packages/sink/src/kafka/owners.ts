// Who writes which shard's output, and what each has committed: clauses K1 to K5 of docs/adr/0013-kafka.md.
//   KO1. A shard that is a partition has a transactional id of its own. Where there are key groups, all shards have one: their output is made together.
//   KO2. What is committed is known from the heads topic, read after the id was initialised: from then on nobody else can write it. It is kept in memory.
//        An owner has one record there, with all its shards: what is kept of a shard is the newest that any record says.
//   KO3. Who takes a shard over writes its generation down at once; with an owner that is at work already, with its next commit.
//   KO4. Refused by the broker: the heads say whether by a newer owner (SF_SINK_FENCED), or because the transaction took too long.
import { deadline, type Environment, type ShardId, type SinkCommit, StreamFlowError } from "@streamflow/core";
import { brokerErrorOf, isCommitToken } from "@streamflow/kafka";
import { reach } from "../crash-point.ts";
import type { ShardHead, SinkTransaction } from "../exactly-once.ts";
import type { GroupOffset, KafkaProducer, ProducerBatch, Transactions } from "./producer.ts";
import { isNewer, packHeads, unpackHeads } from "./packed-heads.ts";
import { type HeldBytes, Staging } from "./staging.ts";

/** What owners are made of. */
export interface OwnersParts {
  readonly producer: KafkaProducer;
  /** Id of the cluster. */
  readonly cluster: string;
  /** Begins each transactional id. */
  readonly prefix: string;
  readonly pipeline: string;
  readonly node: string;
  /** The topic of heads. */
  readonly heads: string;
  readonly batchBytes: number;
  readonly held: HeldBytes;
  readonly environment: Environment;
  /** Gives an error of the client its code. */
  readonly toError: (thrown: unknown) => StreamFlowError;
}

/** Who writes the output of one shard, or of all. */
export class Owner {
  readonly transactions: Transactions;
  readonly staging: Staging;
  isBegun = false;

  constructor(transactions: Transactions, staging: Staging) {
    this.transactions = transactions;
    this.staging = staging;
  }
}

const keyGroups = "k:";
/** The owner of all shards. */
const ofAll = "";
/** How long one waits for a transaction to be given up: whoever comes next ends it. */
const abortTimeoutMs = 5_000;
const refusals: readonly (string | undefined)[] = ["INVALID_PRODUCER_EPOCH", "PRODUCER_FENCED", "INVALID_PRODUCER_ID_MAPPING", "INVALID_TXN_STATE"];
const utf8 = new TextEncoder();

export class Owners {
  readonly #parts: OwnersParts;
  readonly #owners = new Map<string, Owner>();
  readonly #heads = new Map<ShardId, ShardHead>();
  #isGrouped = false;

  constructor(parts: OwnersParts) {
    this.#parts = parts;
  }

  /** The owner of a shard's output, if it may write. */
  ready(shard: ShardId): Owner | undefined {
    const owner = this.#owners.get(this.#nameFor([shard]));
    return owner?.isBegun === true ? owner : undefined;
  }

  /** Makes owners of these shards that may write. */
  async claim(shards: readonly ShardId[]): Promise<void> {
    await this.#told(() => this.#claim(shards));
  }

  /** One transaction of the session: of each owner of its shards. */
  async transact({ shards, withOutput, decide, commitTokens }: SinkTransaction): Promise<void> {
    // A partition that was taken over may have been with another process in between.
    if (!withOutput && !this.#groups(shards)) for (const shard of shards) this.#forget(shard);
    const taken = await this.#told(() => this.#claim(shards));
    const next = decide(this.#headsOf(shards));
    const byOwner = Map.groupBy(next, ({ shard }) => this.#nameFor([shard]));
    const writing = [...byOwner].filter(([name]) => withOutput || taken.includes(name));
    const ends = await Promise.allSettled(writing.map(([name, heads]) => this.#told(() => this.#commit(name, heads, commitTokens))));
    for (const [index, [, heads]] of writing.entries()) if (ends[index]?.status === "fulfilled") this.#keep(heads);
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
    this.#keep(next);
  }

  sendAll(): void {
    for (const { staging } of this.#owners.values()) staging.sendAll();
  }

  /** What a failure means: what the broker refuses gets its reason (KO4). */
  async explain(thrown: unknown): Promise<StreamFlowError> {
    const { node, toError } = this.#parts;
    if (StreamFlowError.is(thrown) || !refusals.includes(brokerErrorOf(thrown))) return toError(thrown);
    try {
      const newer = (await this.#storedHeads()).find(({ shard, generation }) => (this.#isGrouped || this.#owners.has(shard)) && generation > (this.#heads.get(shard)?.generation ?? Infinity));
      if (newer !== undefined) return new StreamFlowError("SF_SINK_FENCED", `Kafka sink "${node}": shard "${newer.shard}" has a newer owner: generation ${newer.generation}`, { cause: thrown, context: { shard: newer.shard } });
    } catch (error) {
      return toError(error);
    }
    return new StreamFlowError("SF_SINK_UNAVAILABLE", `Kafka sink "${node}": the broker has ended the transaction: it took longer than transactionTimeoutMs, or somebody else begins to write`, { cause: thrown });
  }

  /** Gives up what no commit has carried. */
  async reset(): Promise<void> {
    await Promise.all([...this.#owners].filter(([, { isBegun }]) => isBegun).map(async ([name, owner]) => {
      const { environment: { clock, logger }, node } = this.#parts;
      owner.staging.forget();
      try {
        await deadline(() => owner.transactions.abort(), { clock, timeoutMs: abortTimeoutMs, what: `aborting a transaction of "${node}"` });
        owner.staging.forget();
      } catch (error) {
        // Whoever begins next ends it: another process, or this one by another owner, as nobody knows what this one is still about to do.
        owner.staging.forget();
        this.#owners.delete(name);
        logger.debug(`Kafka sink "${node}": a transaction was not aborted`, { error: String(error) });
      }
    }));
  }

  #groups(shards: readonly ShardId[]): boolean {
    this.#isGrouped ||= shards.some((shard) => shard.startsWith(keyGroups));
    return this.#isGrouped;
  }

  #nameFor(shards: readonly ShardId[]): string {
    return this.#groups(shards) ? ofAll : (shards[0] ?? ofAll);
  }

  #owner(name: string): Owner {
    let owner = this.#owners.get(name);
    if (owner === undefined) {
      const { producer, prefix, pipeline, node, held, batchBytes } = this.#parts;
      const transactions = producer.transactions([prefix, pipeline, node, ...(name === ofAll ? [] : [name])].join("."));
      owner = new Owner(transactions, new Staging({ producer, delivery: transactions, held, batchBytes }));
      this.#owners.set(name, owner);
    }
    return owner;
  }

  #forget(shard: ShardId): void {
    const owner = this.#owners.get(shard);
    if (owner === undefined) return;
    owner.staging.forget();
    this.#owners.delete(shard);
  }

  /** Answers the names of those that could not write before. */
  async #claim(shards: readonly ShardId[]): Promise<readonly string[]> {
    const names = new Set(shards.map((shard) => this.#nameFor([shard, ...shards])));
    const taken = [...names].filter((name) => !this.#owner(name).isBegun);
    if (taken.length === 0) return [];
    await Promise.all(taken.map((name) => this.#owner(name).transactions.begin()));
    await reach(this.#parts.environment, "kafka-sink.begun");
    await this.#readHeads();
    await reach(this.#parts.environment, "kafka-sink.heads-read");
    for (const name of taken) this.#owner(name).isBegun = true;
    return taken;
  }

  async #commit(name: string, heads: readonly ShardHead[], tokens: SinkCommit["commitTokens"]): Promise<void> {
    const { transactions, staging } = this.#owner(name);
    const offsets = heads.flatMap((head) => this.#offsetOf(head, tokens?.get(head.shard)));
    // The record of an owner has all its shards.
    const all = name === ofAll ? [...new Map([...this.#heads, ...heads.map((head) => [head.shard, head] as const)]).values()] : heads;
    const sent = transactions.send(this.#parts.heads, 0, this.#headBatch(name, all));
    staging.sendAll();
    await Promise.all([sent, staging.settled(), offsets.length === 0 ? undefined : transactions.commitOffsets(offsets)]);
    await reach(this.#parts.environment, "kafka-sink.sent");
    await transactions.commit();
    await reach(this.#parts.environment, "kafka-sink.committed");
  }

  #offsetOf({ positions }: ShardHead, token: unknown): readonly GroupOffset[] {
    if (!isCommitToken(token) || token.cluster !== this.#parts.cluster) return [];
    const position = positions[`${token.topic}-${token.partition}`];
    return position === undefined ? [] : [{ token, offset: BigInt(position) }];
  }

  #headBatch(name: string, heads: readonly ShardHead[]): ProducerBatch {
    const batch = this.#parts.producer.batch();
    const key = utf8.encode(`${this.#keyPrefix}${JSON.stringify(name)}]`);
    const bytes = Buffer.concat([key, utf8.encode(packHeads(heads))]);
    batch.add({ bytes, keyStart: 0, keyEnd: key.length, valueStart: key.length, valueEnd: bytes.length, timestampMs: this.#parts.environment.clock.nowMs(), headers: undefined });
    return batch;
  }

  /** Keys of this sink begin alike, and like those of no other. */
  get #keyPrefix(): string {
    return `${JSON.stringify([this.#parts.pipeline, this.#parts.node]).slice(0, -1)},`;
  }

  #headsOf(shards: readonly ShardId[]): ReadonlyMap<ShardId, ShardHead> {
    return new Map(shards.flatMap((shard) => {
      const head = this.#heads.get(shard);
      return head === undefined ? [] : [[shard, head] as const];
    }));
  }

  #keep(heads: readonly ShardHead[]): void {
    for (const head of heads) {
      const known = this.#heads.get(head.shard);
      if (known === undefined || isNewer(head, known)) this.#heads.set(head.shard, head);
    }
  }

  async #storedHeads(): Promise<readonly ShardHead[]> {
    const values = await this.#parts.producer.lastValues(this.#parts.heads, this.#keyPrefix);
    return [...values.values()].flatMap(unpackHeads);
  }

  async #readHeads(): Promise<void> {
    this.#keep(await this.#storedHeads());
  }

  /** Runs a step; what it throws is explained. */
  async #told<Result>(step: () => Promise<Result>): Promise<Result> {
    try {
      return await step();
    } catch (thrown) {
      throw await this.explain(thrown);
    }
  }
}

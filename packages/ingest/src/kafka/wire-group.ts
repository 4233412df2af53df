// A member of a consumer group of the new protocol (KIP-848): the broker says what is ours, we say what we have let go.
//   G1. Heartbeats come from a timer, whatever the listener does meanwhile (KCN-5).
//   G2. A partition is reported as let go only after the listener has let go of it.
//   G3. A member that the broker does not know any more has lost everything; it joins again as a new one.
// @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-848
import { type CancelTimer, type Clock, type Random, Signal } from "@streamflow/core";
import { type BrokerAddress, brokerErrorOf, isPassing, type KafkaLibrary, type KafkaWire } from "@streamflow/kafka";
import { type ConsumerListener, partitionName, type TopicPartition } from "./consumer.ts";
import type { TopicSelection } from "./consumer-options.ts";
import { uniqueName } from "./unique-name.ts";

/** What a member needs. */
export interface WireGroupParts {
  readonly wire: KafkaWire;
  readonly group: string;
  readonly selection: TopicSelection;
  readonly rebalanceTimeoutMs: number;
  readonly listener: Pick<ConsumerListener, "assigned" | "revoked" | "lost" | "failed">;
  readonly clock: Clock;
  readonly random: Random;
}

/** Epochs that are none. */
const joining = 0;
const leaving = -1;

const retryMs = 250;
const forgetful = new Set(["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"]);
const elsewhere = new Set(["NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"]);

/** One member of one group. */
export class WireGroup {
  readonly #parts: WireGroupParts;
  readonly #memberId: string;
  readonly #owned = new Map<string, TopicPartition>();
  #epoch = joining;
  #coordinator: BrokerAddress | undefined;
  /** What the broker wants us to have; undefined: nothing new. */
  #target: ReadonlyMap<string, TopicPartition> | undefined;
  /** What is owned has changed since it was reported. */
  #isUnreported = true;
  #isFirstTold = false;
  #beating: Promise<void> | undefined;
  #isSettling = false;
  #cancelTimer: CancelTimer | undefined;
  readonly #told = new Signal();
  #isClosed = false;
  #failure: unknown;

  constructor(parts: WireGroupParts) {
    this.#parts = parts;
    this.#memberId = uniqueName(parts.random);
  }

  /** Joins; resolves when the listener has heard of the first assignment. @throws what the client throws where that cannot be */
  async join(): Promise<void> {
    await this.#beat();
    while (!this.#isFirstTold && this.#failure === undefined && !this.#isClosed) await this.#told.wait();
    if (this.#failure !== undefined) throw this.#failure as Error;
  }

  /** Who this is; undefined while it is nobody. */
  member(): { readonly id: string; readonly epoch: number } | undefined {
    return this.#epoch > 0 ? { id: this.#memberId, epoch: this.#epoch } : undefined;
  }

  /** Leaves: what is owned goes to others at once. */
  async leave(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelTimer?.();
    this.#told.raise();
    await this.#beating;
    if (this.#epoch <= 0) return;
    this.#epoch = leaving;
    // Where that fails, the session runs out.
    await this.#send().catch(() => undefined);
  }

  // --- heartbeats ----------------------------------------------------------------------------------------------

  #beat(): Promise<void> {
    this.#cancelTimer?.();
    this.#beating ??= this.#beatOnce().finally(() => (this.#beating = undefined));
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    let nextMs = retryMs;
    try {
      nextMs = await this.#send();
    } catch (thrown) {
      if (this.#isClosed) return;
      const name = brokerErrorOf(thrown);
      if (name !== undefined && forgetful.has(name)) this.#forget();
      else if ((name !== undefined && elsewhere.has(name)) || isPassing(thrown)) this.#coordinator = undefined;
      else if (name === "UNSUPPORTED_ASSIGNOR" || this.#epoch === joining || name !== undefined) {
        this.#fail(thrown);
        return;
      } else this.#coordinator = undefined;
    }
    if (this.#isClosed) return;
    this.#cancelTimer = this.#parts.clock.setTimer(nextMs, () => void this.#beat());
  }

  /** Answers after how long the next one is due. */
  async #send(): Promise<number> {
    const { wire, group } = this.#parts;
    this.#coordinator ??= await wire.coordinator("group", group);
    const epoch = this.#epoch;
    const isFull = epoch === joining || this.#isUnreported;
    if (isFull) this.#isUnreported = false;
    try {
      const answer = await wire.call(this.#coordinator, wire.library.consumerGroupHeartbeatV1.api, this.#heartbeat(isFull));
      if (epoch === leaving) return 0;
      this.#epoch = answer.memberEpoch;
      const { assignment } = answer;
      if (assignment !== null && assignment !== undefined) await this.#aim(assignment.topicPartitions);
      else if (epoch === joining) await this.#aim([]);
      return this.#isUnreported ? 1 : answer.heartbeatIntervalMs;
    } catch (thrown) {
      if (isFull) this.#isUnreported = true;
      throw thrown;
    }
  }

  /** What has not changed is left out (null, -1). */
  #heartbeat(isFull: boolean): Parameters<KafkaLibrary["consumerGroupHeartbeatV1"]["createRequest"]> {
    const { group, selection, rebalanceTimeoutMs } = this.#parts;
    // The client's types know no "unchanged".
    const unchanged = null as never;
    const owned = isFull ? [...this.#ownedByTopic()] : unchanged;
    if (this.#epoch !== joining) return [group, this.#memberId, this.#epoch, null, null, -1, unchanged, null, null, owned];
    const names = "topics" in selection ? [...selection.topics] : unchanged;
    const pattern = "pattern" in selection ? selection.pattern : null;
    return [group, this.#memberId, joining, null, null, rebalanceTimeoutMs, names, pattern, null, owned];
  }

  #ownedByTopic(): readonly { topicId: string; partitions: number[] }[] {
    if (this.#epoch === joining) return [];
    const byTopic = Map.groupBy(this.#owned.values(), ({ topic }) => topic);
    return [...byTopic].map(([topic, partitions]) => ({ topicId: this.#parts.wire.topic(topic)?.id ?? "", partitions: partitions.map(({ partition }) => partition) }));
  }

  #fail(thrown: unknown): void {
    this.#failure = thrown;
    this.#told.raise();
    if (this.#isFirstTold) this.#parts.listener.failed(thrown);
  }

  /** G3 */
  #forget(): void {
    const lost = [...this.#owned.values()];
    this.#owned.clear();
    this.#target = undefined;
    this.#epoch = joining;
    this.#isUnreported = true;
    if (lost.length > 0) this.#parts.listener.lost(lost);
  }

  // --- what is ours --------------------------------------------------------------------------------------------

  async #aim(topics: readonly { readonly topicId: string; readonly partitions: readonly number[] }[]): Promise<void> {
    const names = await this.#namesOf(topics.map(({ topicId }) => topicId));
    const target = new Map<string, TopicPartition>();
    for (const { topicId, partitions } of topics) {
      const topic = names.get(topicId);
      // A topic that was removed a moment ago: the broker will take it out of the assignment.
      if (topic !== undefined) for (const partition of partitions) target.set(partitionName({ topic, partition }), { topic, partition });
    }
    this.#target = target;
    if (this.#isSettling) return;
    this.#isSettling = true;
    void this.#settle().catch((thrown: unknown) => this.#fail(thrown)).finally(() => (this.#isSettling = false));
  }

  async #namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { wire, selection } = this.#parts;
    const known = "topics" in selection ? selection.topics.flatMap((name) => wire.topic(name) ?? []) : [];
    const topics = ids.every((id) => known.some((topic) => topic.id === id)) ? known : await wire.refresh("topics" in selection ? selection.topics : undefined);
    return new Map(topics.map(({ id, name }) => [id, name]));
  }

  /** One target after another, beside the heartbeats (G1). */
  async #settle(): Promise<void> {
    for (let target = this.#target; target !== undefined && !this.#isClosed; target = this.#target) {
      this.#target = undefined;
      const gone = [...this.#owned].filter(([name]) => !target.has(name)).map(([, partition]) => partition);
      if (gone.length > 0) {
        await this.#parts.listener.revoked(gone);
        for (const partition of gone) this.#owned.delete(partitionName(partition));
        this.#report();
      }
      const added = [...target].filter(([name]) => !this.#owned.has(name)).map(([, partition]) => partition);
      for (const partition of added) this.#owned.set(partitionName(partition), partition);
      if (added.length > 0) this.#report();
      if (added.length > 0 || !this.#isFirstTold) await this.#parts.listener.assigned(added, this.#epoch);
      this.#isFirstTold = true;
      this.#told.raise();
    }
  }

  /** The group waits for what others are to get: it hears at once. */
  #report(): void {
    this.#isUnreported = true;
    if (!this.#isClosed && this.#beating === undefined) void this.#beat();
  }
}

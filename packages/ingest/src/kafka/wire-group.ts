// A member of a consumer group of the new protocol (KIP-848): the broker says what is ours, we say what we have let go.
//   G1. Heartbeats come from a timer, whatever the listener does meanwhile (KCN-5).
//   G2. A partition is reported as let go only after the listener has let go of it.
//   G3. A member that the broker does not know any more has lost everything; it joins again as a new one. What was being settled for the old one is left.
//   G4. After a heartbeat without an answer everything is said again: the broker then says again what is ours, which may have been in the answer.
//   G5. A topic that was made anew is another one: positions in the old one mean nothing in it.
// @see https://cwiki.apache.org/confluence/display/KAFKA/KIP-848
import { type CancelTimer, type Clock, deadline, type Random, Signal, StreamFlowError } from "@streamflow/core";
import { type BrokerAddress, brokerErrorOf, isPassing, type KafkaLibrary, type KafkaWire } from "@streamflow/kafka";
import { type ConsumerListener, partitionName, type TopicPartition } from "./consumer.ts";
import type { TopicSelection } from "./consumer-options.ts";
import type { Outage } from "./outage.ts";
import { uniqueName } from "./unique-name.ts";

/** What a member needs. */
export interface WireGroupParts {
  readonly wire: KafkaWire;
  readonly group: string;
  readonly selection: TopicSelection;
  readonly rebalanceTimeoutMs: number;
  /** How long the group may be out of reach before it was joined, in milliseconds. Later the session decides. */
  readonly joinTimeoutMs: number;
  readonly listener: Pick<ConsumerListener, "assigned" | "revoked" | "lost" | "failed">;
  readonly outage: Outage;
  readonly clock: Clock;
  readonly random: Random;
}

interface Owned extends TopicPartition {
  readonly topicId: string;
}

type Assigned = readonly { readonly topicId: string; readonly partitions: readonly number[] }[];

/** Epochs that are none. */
const joining = 0;
const leaving = -1;

const retryMs = 250;
/** How long leaving may take: whoever cannot hear of it lets the session run out. */
const leaveWithinMs = 3_000;
const forgetful = new Set(["FENCED_MEMBER_EPOCH", "UNKNOWN_MEMBER_ID"]);
const elsewhere = new Set(["NOT_COORDINATOR", "COORDINATOR_NOT_AVAILABLE", "COORDINATOR_LOAD_IN_PROGRESS"]);

/** One member of one group. */
export class WireGroup {
  readonly #parts: WireGroupParts;
  readonly #memberId: string;
  readonly #owned = new Map<string, Owned>();
  #epoch = joining;
  /** Grows when the broker forgets us (G3). */
  #life = 0;
  #coordinator: BrokerAddress | undefined;
  /** What the broker wants us to have; undefined: nothing new. */
  #target: ReadonlyMap<string, Owned> | undefined;
  /** What is owned has changed since it was reported. */
  #isUnreported = false;
  /** G4 */
  #hasNoAnswer = false;
  #hasAsked = false;
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

  /** Joins; resolves when the listener has heard of the first assignment, or when this is closed. @throws what the client throws where that cannot be */
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
    if (!this.#hasAsked) return;
    // Where that fails, the session runs out.
    await deadline(() => this.#sayGoodbye(), { clock: this.#parts.clock, timeoutMs: leaveWithinMs, what: "leaving the group" }).catch(() => undefined);
  }

  async #sayGoodbye(): Promise<void> {
    await this.#beating;
    this.#epoch = leaving;
    await this.#send();
  }

  // --- heartbeats ----------------------------------------------------------------------------------------------

  #beat(): Promise<void> {
    this.#cancelTimer?.();
    this.#beating ??= this.#beatOnce();
    return this.#beating;
  }

  async #beatOnce(): Promise<void> {
    const nextMs = await this.#exchange();
    // In one turn: who reports from now on sends a heartbeat itself.
    this.#beating = undefined;
    if (this.#isClosed || nextMs === undefined) return;
    this.#cancelTimer = this.#parts.clock.setTimer(this.#isUnreported && !this.#hasNoAnswer ? 0 : nextMs, () => void this.#beat());
  }

  /** Answers after how long the next heartbeat is due; undefined: there is none. */
  async #exchange(): Promise<number | undefined> {
    try {
      const nextMs = await this.#send();
      this.#parts.outage.over();
      return nextMs;
    } catch (thrown) {
      this.#hasNoAnswer = true;
      if (this.#isClosed) return undefined;
      const name = brokerErrorOf(thrown);
      if (name !== undefined && forgetful.has(name)) this.#forget();
      else if ((name === undefined || !elsewhere.has(name)) && !isPassing(thrown)) return this.#fail(thrown);
      else {
        this.#coordinator = undefined;
        if (this.#parts.outage.failed(thrown) >= this.#parts.joinTimeoutMs && !this.#isFirstTold) return this.#fail(thrown);
      }
      return retryMs;
    }
  }

  async #send(): Promise<number> {
    const { wire, group } = this.#parts;
    this.#coordinator ??= await wire.coordinator("group", group);
    const request = this.#heartbeat();
    this.#hasAsked = true;
    this.#isUnreported = false;
    const [life, epoch] = [this.#life, this.#epoch];
    const answer = await wire.call(this.#coordinator, wire.library.consumerGroupHeartbeatV1.api, request);
    if (epoch === leaving || life !== this.#life) return 0;
    this.#hasNoAnswer = false;
    this.#epoch = answer.memberEpoch;
    const { assignment } = answer;
    if (assignment !== null && assignment !== undefined) await this.#aim(assignment.topicPartitions);
    else if (epoch === joining) await this.#aim([]);
    return answer.heartbeatIntervalMs;
  }

  /** What has not changed is left out (null, -1). */
  #heartbeat(): Parameters<KafkaLibrary["consumerGroupHeartbeatV1"]["createRequest"]> {
    const { group, selection, rebalanceTimeoutMs } = this.#parts;
    // The client's types know no "unchanged".
    const unchanged = null as never;
    const isFull = this.#epoch === joining || (this.#hasNoAnswer && this.#epoch !== leaving);
    const owned = isFull || this.#isUnreported ? [...this.#ownedByTopic()] : unchanged;
    if (!isFull) return [group, this.#memberId, this.#epoch, null, null, -1, unchanged, null, null, owned];
    const names = "topics" in selection ? [...selection.topics] : unchanged;
    const pattern = "pattern" in selection ? selection.pattern : null;
    return [group, this.#memberId, this.#epoch, null, null, rebalanceTimeoutMs, names, pattern, null, owned];
  }

  #ownedByTopic(): readonly { topicId: string; partitions: number[] }[] {
    const byTopic = Map.groupBy(this.#owned.values(), ({ topicId }) => topicId);
    return [...byTopic].map(([topicId, partitions]) => ({ topicId, partitions: partitions.map(({ partition }) => partition) }));
  }

  #fail(thrown: unknown): undefined {
    if (this.#isClosed) return;
    this.#failure ??= thrown;
    this.#told.raise();
    if (this.#isFirstTold) this.#parts.listener.failed(thrown);
  }

  /** G3 */
  #forget(): void {
    const lost = [...this.#owned.values()];
    this.#life++;
    this.#owned.clear();
    this.#target = undefined;
    this.#epoch = joining;
    if (lost.length > 0) this.#parts.listener.lost(lost);
  }

  // --- what is ours --------------------------------------------------------------------------------------------

  async #aim(topics: Assigned): Promise<void> {
    const names = await this.#namesOf(topics.map(({ topicId }) => topicId));
    const target = new Map<string, Owned>();
    for (const { topicId, partitions } of topics) {
      const topic = names.get(topicId);
      // A topic that was removed a moment ago: the broker will take it out of the assignment.
      if (topic === undefined) continue;
      for (const partition of partitions) {
        const name = partitionName({ topic, partition });
        // G5
        if ((this.#owned.get(name)?.topicId ?? topicId) !== topicId) throw new StreamFlowError("SF_SOURCE_POSITION", `topic "${topic}" was removed and made anew: the position of partition "${name}" was in the old one`);
        target.set(name, { topic, partition, topicId });
      }
    }
    this.#target = target;
    if (!this.#isSettling) void this.#settle().catch((thrown: unknown) => this.#fail(thrown));
  }

  async #namesOf(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const { wire, selection } = this.#parts;
    const known = "topics" in selection ? selection.topics.flatMap((name) => wire.topic(name) ?? []) : [];
    const topics = ids.every((id) => known.some((topic) => topic.id === id)) ? known : await wire.refresh("topics" in selection ? selection.topics : undefined);
    return new Map(topics.map(({ id, name }) => [id, name]));
  }

  /** One target after another, beside the heartbeats (G1). */
  async #settle(): Promise<void> {
    this.#isSettling = true;
    try {
      for (let target = this.#target; target !== undefined && !this.#isClosed; target = this.#target) {
        this.#target = undefined;
        await this.#reach(target);
      }
    } finally {
      this.#isSettling = false;
    }
  }

  async #reach(target: ReadonlyMap<string, Owned>): Promise<void> {
    const { listener } = this.#parts;
    const life = this.#life;
    const isOver = (): boolean => this.#isClosed || life !== this.#life;
    const gone = [...this.#owned].filter(([name]) => !target.has(name)).map(([, partition]) => partition);
    if (gone.length > 0) {
      await listener.revoked(gone);
      if (isOver()) return;
      for (const partition of gone) this.#owned.delete(partitionName(partition));
      this.#report();
    }
    // What came meanwhile may not have these any more.
    if (this.#target !== undefined) return;
    const added = [...target].filter(([name]) => !this.#owned.has(name)).map(([, partition]) => partition);
    for (const partition of added) this.#owned.set(partitionName(partition), partition);
    if (added.length > 0) this.#report();
    if (added.length > 0 || !this.#isFirstTold) await listener.assigned(added, this.#epoch);
    if (isOver()) return;
    this.#isFirstTold = true;
    this.#told.raise();
  }

  /** The group waits for what others are to get: it hears at once. */
  #report(): void {
    this.#isUnreported = true;
    if (!this.#isClosed && this.#beating === undefined) void this.#beat();
  }
}

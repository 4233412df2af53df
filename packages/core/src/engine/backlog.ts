// A sink that epochs do not wait for: to the checkpoint protocol it is store-first, and what it prepares is all that it has not sent (docs/adr/0009).
import { abortError, childController, onAbort } from "../async/abort.ts";
import type { Clock, Gauge } from "../contracts/environment.ts";
import { metricNames } from "../contracts/metric-names.ts";
import type { ShardCommit, ShardOwner, Sink, SinkBatch, SinkCommit, SinkContext, SinkSession } from "../contracts/sink.ts";
import { BatchError, StreamFlowError } from "../errors.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import { areFrames, decodeFrames, encodeFrames, type Frame, isOwned, StagedFrames } from "./backlog-frames.ts";
import { BacklogSender } from "./backlog-sender.ts";
import { Budgeted } from "./budgeted.ts";

const defaultMaxBytes = 64 * 1024 * 1024;
/** How long the end of the input waits for backlogs, and a stop. */
const drainMs = { finished: 10_000, stopped: 1_000 };

/** Bounds of a backlog. */
export interface BacklogOptions {
  readonly maxBytes: number;
  /** Whether all shards are restored together. */
  readonly isGrouped: boolean;
}

/** Puts a backlog in front of a sink. */
export function backlogged(sink: Sink, plan: PhysicalPlan): Sink {
  const options = { maxBytes: plan.logical.config.delivery?.maxBacklogBytes ?? defaultMaxBytes, isGrouped: plan.sharding === "key-group" };
  return {
    type: sink.type,
    capabilities: { delivery: "transactional", commitOrder: "store-first", remembersCommits: true },
    config: sink.config,
    ...(sink.needs === undefined ? {} : { needs: sink.needs }),
    async open(context) {
      const session = new BacklogSession(sink, context, options);
      await session.begin();
      return session;
    },
  };
}

/** Output on its way into a sink, an epoch or more behind. */
export class BacklogSession implements SinkSession {
  readonly #name: string;
  readonly #options: BacklogOptions;
  readonly #sender: BacklogSender;
  readonly #signal: AbortSignal;
  readonly #end: () => void;
  readonly #staged: StagedFrames;
  readonly #gauge: Gauge;
  readonly #memory: Budgeted;
  /** The host has no memory for more: what is staged is to be sealed, so that it can be sent. */
  #isShort = false;
  readonly #owned = new Map<string, number>();
  /** Prepared, and not published yet; and as what it was answered. */
  #sealed: readonly Frame[] = [];
  #prepared: Uint8Array | undefined;
  #isKnownEmpty = true;
  /** The sink commits every epoch of every shard, also one without output: its position is what it says itself. */
  readonly #keepsPositions: boolean;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(sink: Sink, context: SinkContext, options: BacklogOptions) {
    const { controller, unlink } = childController(context.signal);
    this.#name = `backlog of sink "${context.node}"`;
    this.#options = options;
    this.#keepsPositions = sink.capabilities.commitOrder === "sink-first";
    this.#signal = controller.signal;
    this.#end = () => {
      unlink();
      controller.abort();
    };
    this.#staged = new StagedFrames(options.isGrouped);
    this.#memory = new Budgeted(context.environment.budget);
    const { name, help } = metricNames.backlogBytes;
    this.#gauge = context.environment.metrics.gauge(name, help, { pipeline: context.pipeline, node: context.node });
    this.#sender = new BacklogSender({ sink, context: { ...context, signal: controller.signal }, changed: () => this.#wake() });
    this.#sender.owned = this.#owned;
    onAbort(controller.signal, () => this.#wake());
  }

  begin(): Promise<void> {
    return this.#sender.begin();
  }

  /** Waits while too much is on its way. @throws StreamFlowError SF_BUDGET_EXCEEDED where one epoch alone is too much */
  write(batch: SinkBatch): void | Promise<void> {
    let failure: BatchError | undefined;
    try {
      this.#staged.add(batch);
    } catch (thrown) {
      if (!(thrown instanceof BatchError)) throw thrown;
      failure = thrown;
    }
    if (!this.#isFull) {
      if (failure !== undefined) throw failure;
      return undefined;
    }
    return this.#until(() => !this.#isFull).then(() => {
      if (failure !== undefined) throw failure;
    });
  }

  /** Half of what may wait is staged, or what the host has memory for: sealed, it can be sent. */
  wantsBarrier(): boolean {
    return this.#staged.byteLength * 2 >= this.#options.maxBytes || (this.#isShort && this.#staged.byteLength > 0);
  }

  async flush(): Promise<void> {
    this.#check();
  }

  /** Everything that has not arrived yet, and the output of this epoch. */
  async prepare(commit: SinkCommit): Promise<Uint8Array> {
    this.#check();
    this.#owned.clear();
    for (const { shard, generation } of commit.shards) this.#owned.set(shard, generation);
    this.#sealed = this.#staged.seal(commit, this.#keepsPositions);
    const frames = [...this.#sender.queue, ...this.#sealed];
    this.#prepared = encodeFrames(frames);
    return this.#prepared;
  }

  /** Hands a published epoch to the sender. */
  async commitPrepared(prepared: Uint8Array): Promise<void> {
    this.#check();
    const frames = prepared === this.#prepared ? this.#sealed : decodeFrames(prepared).filter((frame) => isOwned(frame, this.#owned));
    this.#isKnownEmpty = frames.length === 0 && this.#sender.queue.length === 0;
    this.#sender.add(frames);
    this.#gauge.set(this.#sender.queuedBytes);
    if (prepared === this.#prepared) {
      this.#sealed = [];
      this.#prepared = undefined;
    }
    this.#memory.hold(this.byteLength);
  }

  /** Nothing was sent of an epoch that never counted. */
  async abortPrepared(): Promise<void> {
    this.#check();
  }

  /** The owner of shards is known from here on. */
  async recover(owners: readonly ShardOwner[]): Promise<readonly ShardCommit[]> {
    for (const { shard, generation } of owners) this.#owned.set(shard, generation);
    return (await this.#sender.heads(owners)) ?? [];
  }

  async discard(): Promise<void> {
    this.#staged.clear();
    this.#memory.hold(this.byteLength);
  }

  async close(): Promise<void> {
    this.#end();
    this.#staged.clear();
    await this.#sender.close();
    this.#memory.hold(0);
  }

  /** Resolves when everything up to an epoch has arrived. @throws what ends the sending */
  arrived(epoch: number): Promise<void> {
    return this.#until(() => this.#sender.hasArrived(epoch));
  }

  /** The last checkpoint holds nothing for this sink. */
  get isKnownEmpty(): boolean {
    return this.#isKnownEmpty;
  }

  /** Bytes that are not in the sink yet. */
  get byteLength(): number {
    return this.#staged.byteLength + this.#sealed.reduce((sum, { output }) => sum + output.length, 0) + this.#sender.queuedBytes;
  }

  /** What is only staged waits for a barrier, which waits for `write`: it alone is never waited for. */
  get #isFull(): boolean {
    const isOnItsWay = this.#sealed.length > 0 || this.#sender.queue.length > 0;
    this.#isShort = !this.#memory.hold(this.byteLength);
    if (this.#isShort && isOnItsWay) this.#memory.onFree(() => this.#wake());
    if (this.byteLength < this.#options.maxBytes) return this.#isShort && isOnItsWay;
    if (isOnItsWay) return true;
    throw new StreamFlowError("SF_BUDGET_EXCEEDED", `${this.#name}: the output of one epoch has more than ${this.#options.maxBytes} bytes`, { hint: "take checkpoints more often, or raise delivery.maxBacklogBytes" });
  }

  async #until(isMet: () => boolean): Promise<void> {
    for (;;) {
      this.#check();
      if (isMet()) return;
      await this.#changed.promise;
    }
  }

  #wake(): void {
    this.#gauge.set(this.#sender.queuedBytes);
    if (!this.#signal.aborted) this.#memory.hold(this.byteLength);
    const { resolve } = this.#changed;
    this.#changed = Promise.withResolvers();
    resolve();
  }

  #check(): void {
    if (this.#signal.aborted) throw abortError(this.#signal, this.#name);
    if (this.#sender.failure !== undefined) throw this.#sender.failure;
  }
}

/** Sessions with a backlog. */
function backlogs(ports: readonly { readonly session: SinkSession | undefined }[]): readonly BacklogSession[] {
  return ports.flatMap(({ session }) => (session instanceof BacklogSession ? [session] : []));
}

/** With a quorum: resolves when so many sinks have an epoch. At once without one. */
export async function quorumHas(epoch: number, plan: PhysicalPlan, ports: readonly { readonly session: SinkSession | undefined }[]): Promise<void> {
  const { commitPolicy, quorum = 0 } = plan.logical.config.delivery ?? {};
  if (commitPolicy !== "quorum") return;
  await new Promise<void>((resolve, reject) => {
    let arrived = 0;
    for (const session of backlogs(ports)) {
      session.arrived(epoch).then(() => {
        arrived++;
        if (arrived >= quorum) resolve();
      }, reject);
    }
  });
}

/**
 * Gives backlogs a while to arrive, behind the last checkpoint. Answers the bytes that have not; undefined where there was nothing to wait for.
 * When all has arrived, a further checkpoint says so: then the next run may have another policy.
 */
export async function drainBacklogs(ports: readonly { readonly session: SinkSession | undefined }[], clock: Clock, end: keyof typeof drainMs): Promise<number | undefined> {
  const sessions = backlogs(ports);
  if (sessions.every((session) => session.byteLength === 0 && session.isKnownEmpty)) return undefined;
  await new Promise<void>((resolve, reject) => {
    const cancel = clock.setTimer(drainMs[end], resolve);
    Promise.all(sessions.map((session) => session.arrived(Infinity))).then(() => resolve(), reject).finally(cancel);
  });
  return sessions.reduce((bytes, session) => bytes + session.byteLength, 0);
}

/**
 * Whether this was prepared by a backlog that the sink has no more: it is not the sink's own. A sink that decides itself which epoch is restored has all
 * that was kept for it up to there.
 * @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE where another one is to lose what was kept for it
 */
export function isFormerBacklog({ node, sink, session }: { readonly node: string; readonly sink: Sink; readonly session: SinkSession | undefined }, prepared: Uint8Array): boolean {
  if (session instanceof BacklogSession || !areFrames(prepared)) return false;
  if (sink.capabilities.commitOrder === "sink-first" || decodeFrames(prepared).length === 0) return true;
  throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `sink "${node}" had a backlog when its last checkpoint was taken, and is to have none`, { hint: "run the pipeline with its former delivery policy until the sink is up and the pipeline has stopped" });
}

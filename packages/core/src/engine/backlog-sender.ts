// Sends what waits for a sink, epoch by epoch, for as long as it takes (docs/adr/0009: B1, B2, B4).
import { isAbort } from "../async/abort.ts";
import { backoffDelayMs, type BackoffPolicy } from "../async/retry.ts";
import { sleep } from "../async/sleep.ts";
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { ShardCommit, Sink, SinkContext, SinkSession } from "../contracts/sink.ts";
import { StreamFlowError, toStreamFlowError } from "../errors.ts";
import { type Frame, isOwned } from "./backlog-frames.ts";
import { deliver } from "./deliver.ts";
import { readEpoch } from "./epoch-output.ts";
import { failureFates } from "./fate.ts";

const backoff: BackoffPolicy = { initialDelayMs: 50, maxDelayMs: 10_000 };
const maxAttempts = 8;

/** What a sender is made of. */
export interface BacklogSenderParts {
  readonly sink: Sink;
  /** Its signal ends the sending. */
  readonly context: SinkContext;
  /** Something has arrived, or will not any more. */
  changed(): void;
}

/** One sink's queue, and who works it off. */
export class BacklogSender {
  readonly #parts: BacklogSenderParts;
  readonly #queue: Frame[] = [];
  /** Of each shard, the last epoch that was queued. */
  readonly #newest = new Map<ShardId, number>();
  #session: SinkSession | undefined;
  #working: Promise<void> | undefined;
  #isDown = false;
  /** Generations of the shards that this process owns. */
  owned: ReadonlyMap<ShardId, number> = new Map();
  /** Ends the pipeline: another owner commits to the sink. */
  failure: StreamFlowError | undefined;
  queuedBytes = 0;

  constructor(parts: BacklogSenderParts) {
    this.#parts = parts;
  }

  /** What has not arrived yet, in order. */
  get queue(): readonly Frame[] {
    return this.#queue;
  }

  /** Opens the sink. One that cannot be reached is opened later. @throws what no time would mend */
  async begin(): Promise<void> {
    try {
      await this.#open();
    } catch (thrown) {
      const error = toStreamFlowError(thrown, "SF_SINK_FAILED", `sink "${this.#parts.context.node}"`);
      if ((failureFates as Readonly<Record<string, string>>)[error.code] === "fail") throw error;
      this.#down(error);
    }
  }

  /** What the sink itself says of these shards; undefined where it cannot be asked. */
  async heads(owners: readonly { readonly shard: ShardId; readonly generation: number }[]): Promise<readonly ShardCommit[] | undefined> {
    try {
      return await (await this.#open()).recover?.(owners);
    } catch (thrown) {
      if (StreamFlowError.is(thrown, "SF_SINK_FENCED")) throw thrown;
      return undefined;
    }
  }

  /** Queues frames of a published epoch; those that were queued before are left out. */
  add(frames: readonly Frame[]): void {
    for (const frame of frames) {
      if (!frame.isPrepared && frame.epoch <= (this.#newest.get(frame.shard) ?? 0)) continue;
      this.#newest.set(frame.shard, frame.epoch);
      this.#queue.push(frame);
      this.queuedBytes += frame.output.length;
    }
    if (this.#queue.length > 0) this.#working ??= this.#work().finally(() => (this.#working = undefined));
  }

  /** Whether everything up to an epoch has arrived. */
  hasArrived(epoch: number): boolean {
    return this.#queue.every((frame) => frame.epoch > epoch);
  }

  /** After the signal was aborted. */
  async close(): Promise<void> {
    await this.#working;
    await this.#session?.close();
  }

  async #work(): Promise<void> {
    const { context } = this.#parts;
    const { clock, random } = context.environment;
    for (let attempt = 0; this.#queue.length > 0 && this.failure === undefined && !context.signal.aborted; ) {
      const [frame] = this.#queue;
      if (frame === undefined) return;
      try {
        await this.#send(frame, attempt > 0);
        attempt = 0;
        this.#done(frame);
      } catch (thrown) {
        if (isAbort(thrown) || context.signal.aborted) return;
        // What was written and not committed goes with the session.
        await this.#forget();
        if (this.#isRefused(frame, thrown)) continue;
        this.#down(thrown);
        await sleep(clock, backoffDelayMs(backoff, attempt++, random), context.signal).catch(() => undefined);
      }
    }
  }

  /** The sink has a newer owner of the shard: where that is not ours any more, the new owner sends the frame. */
  #isRefused(frame: Frame, thrown: unknown): boolean {
    if (!StreamFlowError.is(thrown, "SF_SINK_FENCED")) return false;
    if (isOwned(frame, this.owned)) {
      const { environment, node } = this.#parts.context;
      environment.logger.error(`sink "${node}" has a newer owner: the pipeline fails with its next checkpoint`, { node, error: thrown.message });
      this.failure = thrown;
      this.#parts.changed();
    } else this.#done(frame);
    return true;
  }

  #done(frame: Frame): void {
    this.#queue.shift();
    this.queuedBytes -= frame.output.length;
    const { environment, node } = this.#parts.context;
    if (this.#isDown) environment.logger.info(`sink "${node}" takes output again`, { node, epoch: frame.epoch, waiting: this.#queue.length });
    this.#isDown = false;
    this.#parts.changed();
  }

  /** Said once, when it begins. */
  #down(thrown: unknown): void {
    const { environment, node } = this.#parts.context;
    if (!this.#isDown) environment.logger.warn(`sink "${node}" takes nothing: its output is kept until it does`, { node, error: thrown instanceof Error ? thrown.message : String(thrown) });
    this.#isDown = true;
  }

  async #open(): Promise<SinkSession> {
    return (this.#session ??= await this.#parts.sink.open(this.#parts.context));
  }

  async #forget(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close().catch(() => undefined);
  }

  async #send(frame: Frame, isAgain: boolean): Promise<void> {
    const { sink, context } = this.#parts;
    const { capabilities } = sink;
    const session = await this.#open();
    if (frame.isPrepared) return session.commitPrepared?.(frame.output);
    const commit = { epoch: frame.epoch, shards: frame.shards.map((one) => ({ ...one, generation: this.owned.get(one.shard) ?? one.generation })) };
    if ((isAgain || !frame.isNew) && (await this.#has(session, commit.shards))) return;
    const { clock, random } = context.environment;
    const { signal, reject } = context;
    for (const batch of frame.output.length === 0 ? [] : readEpoch(frame.output)) await deliver(session, batch, { capabilities, clock, random, signal, maxAttempts, backoff, ...(reject === undefined ? {} : { reject }) });
    if (capabilities.delivery !== "transactional") return session.flush();
    if (session.commitTransaction !== undefined) return session.commitTransaction(commit);
    const prepared = await session.prepare?.(commit);
    if (prepared !== undefined) await session.commitPrepared?.(prepared);
  }

  /** Whether a sink that knows its commits has this one: an attempt before, of this process or another, may have succeeded without an answer. */
  async #has(session: SinkSession, shards: readonly ShardCommit[]): Promise<boolean> {
    const { commitOrder, remembersCommits } = this.#parts.sink.capabilities;
    if (session.recover === undefined || (commitOrder !== "sink-first" && remembersCommits !== true)) return false;
    const heads = new Map((await session.recover(shards)).map((head) => [head.shard, head.epoch]));
    return shards.every(({ shard, epoch }) => (heads.get(shard) ?? 0) >= epoch);
  }
}

// The sessions of recording sinks: one for each way in which a sink may commit.
import type { ShardCommit, ShardOwner, SinkBatch, SinkCommit, SinkContext, SinkSession } from "../contracts/sink.ts";
import { BatchError, StreamFlowError, type BatchFailure } from "../errors.ts";
import { copyOf, writtenRecords, type SinkTarget, type WrittenRecord } from "./sink-target.ts";

/** What all sessions are made of. */
export interface SessionParts {
  readonly target: SinkTarget;
  readonly context: SinkContext;
  /** Records held before `write` asks to be waited for. */
  readonly maxBufferedRecords: number;
  /** Why a value cannot be written; undefined where it can. */
  refuse(value: unknown): string | undefined;
  opened(isOpen: boolean): void;
}

/** Takes records into a bounded buffer, and moves them on as fast as the target accepts. */
abstract class BufferingSession implements SinkSession {
  protected readonly parts: SessionParts;
  #buffer: WrittenRecord[] = [];
  #moving: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(parts: SessionParts) {
    this.parts = parts;
    parts.opened(true);
  }

  write(batch: SinkBatch): void | Promise<void> {
    this.mustBeOpen();
    const failures: BatchFailure[] = [];
    writtenRecords(batch).forEach((record, index) => {
      const why = this.parts.refuse(record.value);
      if (why === undefined) this.#buffer.push(record);
      else failures.push({ index, error: new StreamFlowError("SF_SINK_FAILED", why) });
    });
    const drained = this.#buffer.length >= this.parts.maxBufferedRecords ? this.drain() : undefined;
    if (failures.length === 0) return drained;
    const error = new BatchError(`${failures.length} of ${batch.length} records were refused`, failures);
    return (drained ?? Promise.resolve()).then(() => Promise.reject(error));
  }

  async flush(): Promise<void> {
    this.mustBeOpen();
    await this.drain();
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#buffer = [];
    this.parts.opened(false);
  }

  protected mustBeOpen(): void {
    if (this.#isClosed) throw new StreamFlowError("SF_INTERNAL", `the sink "${this.parts.context.node}" was used after it was closed`);
  }

  /** Moves on everything that is buffered now, one drain after another. */
  protected drain(): Promise<void> {
    this.#moving = this.#moving.then(async () => {
      await this.parts.target.accepting();
      const records = this.#buffer;
      this.#buffer = [];
      if (!this.#isClosed) this.take(records);
    });
    return this.#moving;
  }

  protected forget(): void {
    this.#buffer = [];
  }

  protected async reach(point: string): Promise<void> {
    await this.parts.context.environment.faults?.reach(`test-sink.${point}`);
  }

  protected abstract take(records: readonly WrittenRecord[]): void;
}

/** At-least-once: what is drained is visible. */
export class AppendingSession extends BufferingSession {
  override async flush(): Promise<void> {
    await super.flush();
    await this.reach("flushed");
  }

  protected override take(records: readonly WrittenRecord[]): void {
    this.parts.target.append(records);
  }
}

/** Idempotent: the identity of a record is its key. */
export class UpsertingSession extends AppendingSession {
  protected override take(records: readonly WrittenRecord[]): void {
    this.parts.target.upsert(records);
  }
}

abstract class TransactionSession extends BufferingSession {
  protected pending: WrittenRecord[] = [];

  async discard(): Promise<void> {
    this.forget();
    this.pending = [];
  }

  protected override take(records: readonly WrittenRecord[]): void {
    this.pending.push(...records);
  }

  /** Everything written so far, taken out of the session. */
  protected async seal(): Promise<readonly WrittenRecord[]> {
    await this.drain();
    const sealed = this.pending;
    this.pending = [];
    return sealed;
  }
}

/** Transactional, store-first: prepared bytes name a transaction that the target keeps. */
export class StoreFirstSession extends TransactionSession {
  async prepare(commit: SinkCommit): Promise<Uint8Array> {
    this.mustBeOpen();
    this.parts.target.checkFence(commit);
    const id = this.parts.target.prepare(await this.seal());
    await this.reach("prepared");
    return new TextEncoder().encode(JSON.stringify({ id, commit }));
  }

  async commitPrepared(prepared: Uint8Array): Promise<void> {
    const { id, commit } = parsePrepared(prepared);
    await this.parts.target.accepting();
    this.parts.target.commitPrepared(id, commit);
    await this.reach("committed");
  }

  async abortPrepared(prepared: Uint8Array): Promise<void> {
    this.parts.target.finish(parsePrepared(prepared).id);
  }
}

/** Transactional, store-first, by a target that knows what was committed. */
export class RememberingSession extends StoreFirstSession {
  async recover(shards: readonly ShardOwner[]): Promise<readonly ShardCommit[]> {
    return lastCommits(this.parts.target, shards);
  }
}

/** Transactional, sink-first: output, epochs and positions change together in the target. */
export class SinkFirstSession extends TransactionSession {
  async recover(shards: readonly ShardOwner[]): Promise<readonly ShardCommit[]> {
    const { target } = this.parts;
    for (const { shard, generation } of shards) target.fence(shard, generation, { isClaim: false });
    for (const { shard, generation } of shards) target.fence(shard, generation);
    return lastCommits(target, shards);
  }

  async commitTransaction(commit: SinkCommit): Promise<void> {
    this.mustBeOpen();
    await this.drain();
    this.parts.target.checkFence(commit);
    const records = this.pending;
    this.pending = [];
    this.parts.target.commit(records, commit);
    await this.reach("committed");
  }
}

function lastCommits(target: SinkTarget, shards: readonly ShardOwner[]): readonly ShardCommit[] {
  return shards.flatMap(({ shard }) => {
    const last = target.commits.get(shard);
    return last === undefined ? [] : copyOf(last);
  });
}

function parsePrepared(bytes: Uint8Array): { readonly id: string; readonly commit: SinkCommit } {
  return JSON.parse(new TextDecoder().decode(bytes)) as { id: string; commit: SinkCommit };
}

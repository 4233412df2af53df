// How output is written exactly once, although any process may die at any instruction. Read this file to understand it all.
//
// A sink belongs to one of two kinds, by what its system can do after a crash. The engine's side of both is docs/adr/0001.
//
//   store-first (files):     write … write │ prepare(n) → bytes │ checkpoint n published ▲ │ commitPrepared(bytes) │
//   sink-first (databases):  write … write │                    │ checkpoint n published   │ commitTransaction(n) ▲ │
//
// ▲ is the commit point: a crash before it leaves epoch n - 1 and its output is made again; a crash behind it leaves epoch n.
// Store-first, what is still missing behind it is carried out by any later process from the bytes alone. Sink-first, the sink's own
// transaction holds output, positions and epoch together, and on recovery the sink says how far it is.
//
//   X1. Output of an epoch is invisible before its commit point, and a whole behind it.
//   X2. Store-first: publish and retract are repeatable, by any process. Publishing twice, or what was published long ago, changes nothing.
//   X3. Sink-first: output and shard heads (generation, epoch, positions) change in one transaction of the sink, or not at all.
//   X4. A head never goes back: an older generation, or an epoch that is not newer, is refused with SF_SINK_FENCED before anything has changed.
//       Sink-first, the sink itself decides, in the same transaction. Store-first, across processes, the checkpoint store decides: a process
//       that is not the owner any more cannot publish, and without a published checkpoint nobody calls commitPrepared.
//       Where it keeps what it has committed, as files do, an epoch whose checkpoint was damaged afterwards is not made twice (SNK-15).
//   X5. Steps of a session run one after another, in the order they were called; only store-first writes may overlap with a publish.
//   X6. What was not sealed or committed is gone after `discard` and `close`.
//
// A connector supplies the four or five steps that only it knows; the rest of the contract is here. connectors/memory.ts is the smallest
// sink-first one, connectors/file.ts the store-first one. A sink that is only idempotent becomes store-first by outbox.ts.
// Deliberately not here: retries (`deliver` of core), two-phase commit of databases, any clock: safety comes from numbers.
import type { ShardCommit, ShardId, ShardOwner, SinkBatch, SinkCommit, SinkSession } from "@streamflow/core";
import { StreamFlowError } from "@streamflow/core";
import { openEnvelope, sealEnvelope } from "./prepared-bytes.ts";

/** The last commit of a shard, as a sink keeps it; epoch 0: fenced, but never committed. */
export type ShardHead = ShardCommit;

/** What a store-first connector supplies. */
export interface StoreFirstSteps {
  /** For messages: `file sink "out"`. */
  readonly name: string;
  /** `stage` is at an advantage where records come as columns (SNK-16). @defaultValue false */
  readonly readsColumns?: boolean;
  /** So much is staged that the epoch should end. @defaultValue never */
  wantsBarrier?(): boolean;
  /** Takes records, in order; see SNK-8 and SNK-11. */
  stage(batch: SinkBatch): void | Promise<void>;
  /**
   * Makes everything staged durable and invisible, and starts anew: answers what `publish` and `retract` need, or undefined where nothing
   * was staged. Where it throws, what was staged is still there, and it may be called again.
   */
  seal(commit: SinkCommit): Promise<Uint8Array | undefined>;
  /** Makes visible what was sealed. Repeatable, also in another process. */
  publish(sealed: Uint8Array): Promise<void>;
  /** Where the sink keeps what it has committed: the last epoch of each of these shards that was published and not retracted (SNK-15). */
  recover?(shards: readonly ShardOwner[]): Promise<readonly ShardHead[]>;
  /** Takes away what was sealed, whether published or not: its records will be written again under another epoch. Repeatable. */
  retract(sealed: Uint8Array): Promise<void>;
  /** Forgets what was staged and not sealed. */
  reset(): Promise<void>;
  close?(): Promise<void>;
}

/**
 * Makes a store-first session of its steps: fencing within the process (X4), order (X5), repeatable ends (X2), checked bytes.
 */
export function storeFirstSession(steps: StoreFirstSteps): SinkSession {
  const heads = new Map<ShardId, ShardHead>();
  const session = new SessionGuard(steps.name);
  const settle = (prepared: Uint8Array, step: (sealed: Uint8Array) => Promise<void>): Promise<void> => {
    const sealed = prepared.length === 0 ? undefined : openEnvelope(prepared, steps.name);
    return sealed === undefined ? Promise.resolve() : session.settle(() => step(sealed));
  };
  return {
    ...(steps.readsColumns === true ? { readsColumns: true } : {}),
    ...(steps.wantsBarrier === undefined ? {} : { wantsBarrier: () => steps.wantsBarrier?.() === true }),
    write(batch) {
      session.mustBeOpen("write");
      return steps.stage(batch);
    },
    async flush() {
      session.mustBeOpen("flush");
    },
    prepare: (commit) =>
      session.inOrder("prepare", async () => {
        const next = advance(commit.shards, heads, steps.name);
        const sealed = await steps.seal(commit);
        for (const head of next) heads.set(head.shard, head);
        return sealed === undefined ? new Uint8Array() : sealEnvelope(sealed);
      }),
    commitPrepared: async (prepared) => settle(prepared, (sealed) => steps.publish(sealed)),
    abortPrepared: async (prepared) => settle(prepared, (sealed) => steps.retract(sealed)),
    ...(steps.recover === undefined ? {} : { recover: (owners: readonly ShardOwner[]) => session.inOrder("recover", async () => (await steps.recover?.(owners)) ?? []) }),
    discard: () => session.inOrder("discard", () => steps.reset()),
    close: () =>
      session.closeOnce(async () => {
        try {
          await steps.reset();
        } finally {
          await steps.close?.();
        }
      }),
  };
}

/** One transaction of a sink-first connector. */
export interface SinkTransaction {
  readonly shards: readonly ShardId[];
  /** Whether what was staged goes with it. Without output, it only moves heads. */
  readonly withOutput: boolean;
  /**
   * To be called inside the transaction, with the stored heads of these shards (missing ones left out): answers the heads to store.
   * Throws SF_SINK_FENCED where this process is not the owner any more: the transaction must be rolled back and what was staged kept.
   */
  readonly decide: (stored: ReadonlyMap<ShardId, ShardHead>) => readonly ShardHead[];
  /** What sources want to be carried with it. */
  readonly commitTokens?: SinkCommit["commitTokens"];
}

/** What a sink-first connector supplies. */
export interface SinkFirstSteps {
  /** For messages: `SQLite sink "out"`. */
  readonly name: string;
  /** `stage` is at an advantage where records come as columns (SNK-16). @defaultValue false */
  readonly readsColumns?: boolean;
  /** Takes records, in order, where nobody else can see them; see SNK-8 and SNK-11. */
  stage(batch: SinkBatch): void | Promise<void>;
  /** Begins, reads heads, decides, applies what was staged, stores heads, commits; and forgets what was staged if it was with it. */
  transact(transaction: SinkTransaction): Promise<void>;
  /** Forgets what was staged. */
  reset(): Promise<void>;
  close?(): Promise<void>;
}

/**
 * Makes a sink-first session of its steps: fencing inside the sink's transaction (X3, X4), recovery, order (X5).
 */
export function sinkFirstSession(steps: SinkFirstSteps): SinkSession {
  const session = new SessionGuard(steps.name);
  return {
    ...(steps.readsColumns === true ? { readsColumns: true } : {}),
    write(batch) {
      session.mustBeOpen("write");
      return steps.stage(batch);
    },
    async flush() {
      session.mustBeOpen("flush");
    },
    recover: (owners) =>
      session.inOrder("recover", async () => {
        let found: readonly ShardHead[] = [];
        const shards = owners.map(({ shard }) => shard);
        await steps.transact({ shards, withOutput: false, decide: (stored) => raise(owners, (found = [...stored.values()]), steps.name) });
        return found.filter((head) => head.epoch > 0);
      }),
    commitTransaction: (commit) =>
      session.inOrder("commitTransaction", () => {
        const shards = commit.shards.map(({ shard }) => shard);
        const { commitTokens } = commit;
        return steps.transact({ shards, withOutput: true, decide: (stored) => advance(commit.shards, stored, steps.name), ...(commitTokens === undefined ? {} : { commitTokens }) });
      }),
    discard: () => session.inOrder("discard", () => steps.reset()),
    close: () =>
      session.closeOnce(async () => {
        try {
          await steps.reset();
        } finally {
          await steps.close?.();
        }
      }),
  };
}

/** The heads after a commit (X4). */
function advance(commits: readonly ShardCommit[], heads: ReadonlyMap<ShardId, ShardHead>, name: string): readonly ShardHead[] {
  for (const { shard, generation, epoch } of commits) {
    const head = heads.get(shard);
    if (head === undefined) continue;
    if (generation < head.generation) throw fenced(name, shard, `generation ${generation} is older than ${head.generation}`);
    if (epoch <= head.epoch) throw fenced(name, shard, `epoch ${epoch} is not newer than ${head.epoch}`);
  }
  return commits;
}

/** The heads after new owners have said who they are: generations only. */
function raise(owners: readonly ShardOwner[], stored: readonly ShardHead[], name: string): readonly ShardHead[] {
  const heads = new Map(stored.map((head) => [head.shard, head]));
  return owners.map(({ shard, generation }) => {
    const head = heads.get(shard);
    if (head === undefined) return { shard, generation, epoch: 0, positions: {} };
    if (generation < head.generation) throw fenced(name, shard, `generation ${generation} is older than ${head.generation}`);
    return { ...head, generation };
  });
}

function fenced(name: string, shard: ShardId, why: string): StreamFlowError {
  return new StreamFlowError("SF_SINK_FENCED", `${name}: shard "${shard}" has a newer owner or commit: ${why}`, { context: { shard } });
}

/** Keeps the steps of a session apart, and refuses what comes after its end. */
class SessionGuard {
  readonly #name: string;
  #steps: Promise<unknown> = Promise.resolve();
  #ends: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(name: string) {
    this.#name = name;
  }

  mustBeOpen(operation: string): void {
    if (this.#closed !== undefined) throw new StreamFlowError("SF_LIFECYCLE_ILLEGAL", `${this.#name} is closed: ${operation} is not possible`);
  }

  /** After everything that was called before. */
  inOrder<T>(operation: string, step: () => Promise<T>): Promise<T> {
    return this.#append(operation, (run) => void (this.#steps = run), this.#steps, step);
  }

  /** After every publish or retract that was called before, beside the other steps. */
  settle(step: () => Promise<void>): Promise<void> {
    return this.#append("commit", (run) => void (this.#ends = run), this.#ends, step);
  }

  closeOnce(step: () => Promise<void>): Promise<void> {
    this.#closed ??= Promise.allSettled([this.#steps, this.#ends]).then(step);
    return this.#closed;
  }

  async #append<T>(operation: string, keep: (run: Promise<unknown>) => void, before: Promise<unknown>, step: () => Promise<T>): Promise<T> {
    this.mustBeOpen(operation);
    const run = before.then(step);
    keep(run.catch(() => undefined));
    return run;
  }
}

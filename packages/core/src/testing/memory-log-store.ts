// Logs in memory.
import type { Fence, ShardId } from "../contracts/checkpoint-store.ts";
import type { Clock } from "../contracts/environment.ts";
import type { LogAppendOptions, LogEntry, LogStore } from "../contracts/stores.ts";
import { StreamFlowError } from "../errors.ts";

interface KeyedEntry extends LogEntry {
  readonly key: string | undefined;
}

interface Log {
  entries: KeyedEntry[];
  /** The cursor of the last entry ever appended. */
  lastCursor: number;
  readonly generations: Map<ShardId, number>;
}

/** What outlives a {@link MemoryLogStore}. */
export class MemoryLogStorage {
  readonly #logs = new Map<string, Log>();

  get names(): readonly string[] {
    return [...this.#logs.keys()].sort();
  }

  find(name: string): Log | undefined {
    return this.#logs.get(name);
  }

  of(name: string): Log {
    const known = this.#logs.get(name) ?? { entries: [], lastCursor: 0, generations: new Map() };
    this.#logs.set(name, known);
    return known;
  }
}

/** A log store in memory. */
export class MemoryLogStore implements LogStore {
  readonly #clock: Pick<Clock, "nowMs">;
  readonly #storage: MemoryLogStorage;

  constructor(clock: Pick<Clock, "nowMs">, storage: MemoryLogStorage = new MemoryLogStorage()) {
    this.#clock = clock;
    this.#storage = storage;
  }

  async append(name: string, entries: readonly Uint8Array[], options: LogAppendOptions = {}): Promise<number> {
    const log = this.#storage.of(name);
    if (options.fence !== undefined) passFence(name, log, options.fence);
    const timeMs = this.#clock.nowMs();
    for (const [i, payload] of entries.entries()) {
      const key = options.keys?.[i];
      if (key !== undefined && log.entries.some((entry) => entry.key === key)) continue;
      log.entries.push({ cursor: ++log.lastCursor, timeMs, payload: payload.slice(), key });
    }
    return log.lastCursor;
  }

  async read(name: string, after: number, limit: number): Promise<readonly LogEntry[]> {
    const entries = this.#storage.find(name)?.entries ?? [];
    const found = entries.filter((entry) => entry.cursor > after).slice(0, limit);
    return found.map(({ cursor, timeMs, payload }) => ({ cursor, timeMs, payload: payload.slice() }));
  }

  async count(name: string): Promise<number> {
    return this.#storage.find(name)?.entries.length ?? 0;
  }

  async trim(name: string, upTo: number): Promise<void> {
    const log = this.#storage.find(name);
    if (log !== undefined) log.entries = log.entries.filter((entry) => entry.cursor > upTo);
  }

  async names(): Promise<readonly string[]> {
    return this.#storage.names;
  }

  async close(): Promise<void> {}
}

function passFence(name: string, log: Log, { shard, generation }: Fence): void {
  const seen = log.generations.get(shard) ?? generation;
  if (seen > generation) {
    throw new StreamFlowError("SF_CHECKPOINT_FENCED", `log "${name}": shard "${shard}" belongs to generation ${seen}; generation ${generation} may not append any more`, {
      context: { log: name, shard },
    });
  }
  log.generations.set(shard, generation);
}

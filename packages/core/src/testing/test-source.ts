// A source whose records, pauses and failures are written down by a test.
import type { Source, SourceCapabilities, SourceContext, SourceSession } from "../contracts/source.ts";
import { StreamFlowError } from "../errors.ts";
import type { Position } from "../record.ts";
import type { Schema } from "../schema.ts";
import type { TestItem, TestSourceOptions } from "./test-item.ts";
import { TestSourceSession } from "./test-source-session.ts";

/**
 * Reads what a test has written down, as often as it is opened: replayable, exact, with batches of any size.
 *
 * Positions count the inputs of a partition, rejected ones included; "3" is the position after the third. Markers have none:
 * a reading that starts right before one meets it again, unless it has been used up.
 *
 * @example
 * ```ts
 * const source = new TestSource({ a: [...testRecords([1, 2]), PAUSE, { value: 3 }, ABORT, { value: 4 }] });
 * ```
 */
export class TestSource implements Source {
  readonly type = "test";
  readonly capabilities: SourceCapabilities;
  readonly config: Readonly<Record<string, unknown>>;
  readonly schema?: Schema;
  readonly options: TestSourceOptions;
  /** Positions of the last completed checkpoint that the engine has told, by partition. */
  readonly committed: Map<string, Position> = new Map();
  readonly #items: Map<string, TestItem[]>;
  readonly #used = new Set<string>();
  readonly #sessions = new Set<TestSourceSession>();
  #generation = 0;
  #delivered = 0;
  #opened = 0;

  constructor(partitions: Readonly<Record<string, readonly TestItem[]>>, options: TestSourceOptions = {}) {
    this.#items = new Map(Object.entries(partitions).map(([name, items]) => [name, [...items]]));
    this.options = options;
    this.capabilities = { replayable: true, bounded: options.bounded ?? true, deterministic: true, ...options.capabilities };
    this.config = { partitions: [...this.#items.keys()] };
    if (options.schema !== undefined) this.schema = options.schema;
  }

  /** How often the source was opened. */
  get opened(): number {
    return this.#opened;
  }

  /** Sessions that are open now. */
  get openSessions(): number {
    return this.#sessions.size;
  }

  /** Inputs delivered so far, repeated ones included. */
  get delivered(): number {
    return this.#delivered;
  }

  async open(context: SourceContext): Promise<SourceSession> {
    const session: TestSourceSession = new TestSourceSession(context, {
      options: this.options,
      isBounded: this.capabilities.bounded,
      items: (partition) => this.#items.get(partition) ?? [],
      isUsed: (partition, index) => this.#used.has(`${index}/${partition}`),
      use: (partition, index) => void this.#used.add(`${index}/${partition}`),
      deliver: (count) => void (this.#delivered += count),
      committed: (partition, position) => void this.committed.set(partition, position),
      closed: () => void this.#sessions.delete(session),
    });
    this.#opened++;
    this.#sessions.add(session);
    await session.assign([...this.#items.keys()], ++this.#generation);
    return session;
  }

  /** Adds items to a partition of an unbounded source. */
  append(partition: string, ...items: readonly TestItem[]): void {
    const list = this.#items.get(partition);
    if (list === undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `the test source has no partition "${partition}"`);
    list.push(...items);
    this.#wake();
  }

  /** Ends the pauses that partitions stand at. Those further on still come. @param partition all partitions, where it is not given */
  resume(partition?: string): void {
    for (const session of this.#sessions) session.passPause(partition);
    this.#wake();
  }

  /** Takes partitions away with a deadline, as a group protocol does: resolves when the engine has let go. */
  async revoke(partitions: readonly string[], deadlineMs = 10_000): Promise<void> {
    await Promise.all([...this.#sessions].map((session) => session.revoke(partitions, deadlineMs)));
  }

  /** Takes partitions away without asking. */
  lose(partitions: readonly string[]): void {
    for (const session of this.#sessions) session.lose(partitions);
  }

  /** Gives partitions (back) under a new generation. */
  async assign(partitions: readonly string[]): Promise<void> {
    const generation = ++this.#generation;
    await Promise.all([...this.#sessions].map((session) => session.assign(partitions, generation)));
  }

  #wake(): void {
    for (const session of this.#sessions) session.wake();
  }
}

// A source whose partitions move between processes, as those of a consumer group do. The group is the killer: it says whose a partition is.
import { Latch, type PartitionEvents, type PollLimits, type PollResult, type Position, type Source, type SourceSession } from "@streamflow/core";
import { rowBatch } from "@streamflow/ingest";
import { type Job, rowSchema } from "./job.ts";
import { partitionsOf, type Row, rowAt } from "./rows.ts";

/** How long a session that has nothing to give waits. */
const restMs = 4;

/** What the group may say. */
export type GroupCommand = { readonly assign: string } | { readonly revoke: string };

/** One process's part of the group. */
export class GroupMember {
  readonly source: Source<Row>;
  readonly #owned: Set<string>;
  readonly #tell: (line: string) => void;
  #session: GroupSession | undefined;
  #generations = 0;

  constructor(job: Job, tell: (line: string) => void) {
    this.#owned = new Set(job.group);
    this.#tell = tell;
    this.source = {
      type: "chaosGroup",
      config: { rows: job.rows, count: job.count, partitions: partitionsOf(job.rows) },
      schema: rowSchema,
      capabilities: { replayable: true, bounded: false, deterministic: true },
      open: async ({ partitions }) => {
        const session = new GroupSession(job, partitions, tell);
        this.#session = session;
        await session.assign([...this.#owned].map((partition) => this.#assignment(partition)));
        return session;
      },
    };
  }

  hears(command: GroupCommand): void {
    const done = "assign" in command ? this.#assigned(command.assign) : this.#revoked(command.revoke);
    // The pipeline itself says what went wrong; its next session begins with what the member owns.
    done.catch(() => undefined);
  }

  async #assigned(partition: string): Promise<void> {
    this.#owned.add(partition);
    await this.#session?.unlessClosed((session) => session.assign([this.#assignment(partition)]));
    this.#tell(`assigned ${partition}`);
  }

  async #revoked(partition: string): Promise<void> {
    this.#owned.delete(partition);
    await this.#session?.unlessClosed((session) => session.revoke(partition));
    this.#tell(`revoked ${partition}`);
  }

  #assignment(partition: string): Assignment {
    return { partition, generation: ++this.#generations };
  }
}

type Assignment = Parameters<PartitionEvents["assigned"]>[0][number];

class GroupSession implements SourceSession {
  readonly #job: Job;
  readonly #events: PartitionEvents;
  readonly #tell: (line: string) => void;
  /** By partition: the next row, and when and where reading began. */
  readonly #reading = new Map<string, { next: number; readonly first: number; readonly sinceMs: number }>();
  readonly #done = new Set<string>();
  readonly #closed = new Latch();
  #isClosed = false;

  constructor(job: Job, events: PartitionEvents, tell: (line: string) => void) {
    this.#job = job;
    this.#events = events;
    this.#tell = tell;
  }

  /** A pipeline that begins again does not answer; its next session begins with what is owned by then. */
  async unlessClosed(act: (session: GroupSession) => Promise<void>): Promise<void> {
    if (!this.#isClosed) await Promise.race([act(this), this.#closed.wait()]);
  }

  async assign(assignments: readonly Assignment[]): Promise<void> {
    const starts = await this.#events.assigned(assignments);
    for (const [partition, from] of starts) {
      const first = from === undefined ? 0 : Number(from);
      this.#reading.set(partition, { next: first, first, sinceMs: performance.now() });
      this.#finishes(partition, first);
    }
  }

  async revoke(partition: string): Promise<void> {
    this.#reading.delete(partition);
    await this.#events.revoked([partition], Infinity);
  }

  poll(partition: string, { maxRecords }: PollLimits): PollResult {
    const reading = this.#reading.get(partition);
    if (reading === undefined || this.#isClosed) return "idle";
    const { rows, count, pace } = this.#job;
    const due = pace === undefined ? count : reading.first + Math.floor((performance.now() - reading.sinceMs) * pace);
    const start = reading.next;
    const length = Math.min(maxRecords, Math.min(due, count) - start);
    if (length <= 0) return "idle";
    reading.next += length;
    return rowBatch({ partition, values: Array.from({ length }, (_, at) => rowAt(rows, partition, start + at)), positionAt: (index) => String(start + index + 1) });
  }

  ready(): Promise<void> {
    return new Promise((resolve) => {
      setTimeout(resolve, this.#isClosed ? 0 : restMs);
    });
  }

  committed(positions: ReadonlyMap<string, Position>): void {
    for (const [partition, position] of positions) this.#finishes(partition, Number(position));
  }

  #finishes(partition: string, position: number): void {
    if (position < this.#job.count || this.#done.has(partition)) return;
    this.#done.add(partition);
    this.#tell(`read ${partition}`);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#closed.open();
  }
}

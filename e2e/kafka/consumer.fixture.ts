// A source of Kafka under the hands of a test: what its partitions do is written down, as an engine would hear it.
import type { Environment, PartitionEvents, Source, SourceSession } from "@streamflow/core";
import { systemClock } from "@streamflow/core/node";
import { type RecordingLogger, testEnvironment } from "@streamflow/core/testing";
import { rowsOf } from "@streamflow/core";

/** A record as it was taken. */
export interface Taken {
  readonly partition: string;
  readonly position: number;
  readonly value: unknown;
}

/** Reads one source, from what `committed` says on: a map that several readers may share, as processes share a store. */
export class Reader {
  readonly taken: Taken[] = [];
  readonly rejected: string[] = [];
  readonly told: string[] = [];
  readonly failures: unknown[] = [];
  readonly owned = new Set<string>();
  readonly logger: RecordingLogger;
  readonly #environment: Environment;
  readonly #controller = new AbortController();
  readonly #committed: Map<string, number>;
  #session: SourceSession | undefined;
  #reading: Promise<void> | undefined;
  #isEnded = false;
  /** How long letting go takes, in milliseconds. */
  revokeMs = 0;

  constructor(committed: Map<string, number> = new Map()) {
    const test = testEnvironment({ seed: Math.floor(Math.random() * 2 ** 31), settings: { FLOW_STREAMING_ENABLED: "true" } });
    this.logger = test.logger;
    this.#environment = { ...test.environment, clock: systemClock() };
    this.#committed = committed;
  }

  async open(source: Source): Promise<this> {
    const partitions: PartitionEvents = {
      assigned: async (given) => {
        for (const { partition } of given) {
          this.told.push(`+${partition}`);
          this.owned.add(partition);
        }
        return new Map(given.map(({ partition }) => [partition, this.#committed.has(partition) ? String(this.#committed.get(partition)) : undefined]));
      },
      revoked: async (names) => {
        for (const name of names) this.owned.delete(name);
        await new Promise((resolve) => setTimeout(resolve, this.revokeMs));
        this.told.push(...names.map((name) => `-${name}`));
      },
      lost: (names) => {
        for (const name of names) this.owned.delete(name);
        this.told.push(...names.map((name) => `!${name}`));
      },
      failed: (error) => void this.failures.push(error),
    };
    this.#session = await source.open({ environment: this.#environment, node: "in", projection: "all", partitions, signal: this.#controller.signal, maxRejectedBytes: 100, limits: { maxRecords: 1_000, maxBytes: 1 << 24 } });
    return this;
  }

  /** Takes what comes, until it is closed; what is taken counts as committed at once. */
  read(): this {
    this.#reading = this.#readOn().catch((error: unknown) => void this.failures.push(error));
    return this;
  }

  async #readOn(): Promise<void> {
    const session = this.#session!;
    while (!this.#isEnded) {
      let isIdle = true;
      for (const partition of this.owned) {
        const batch = session.poll(partition, { maxRecords: 1_000, maxBytes: 1 << 24 });
        if (typeof batch === "string") continue;
        isIdle = false;
        rowsOf(batch).forEach((value, i) => this.taken.push({ partition, position: Number(batch.positionAt(i)), value }));
        this.rejected.push(...(batch.rejected ?? []).map(({ error }) => error.code));
        this.#committed.set(partition, Number(batch.endPosition));
        batch.release?.();
      }
      if (isIdle) await Promise.race([session.ready(), new Promise((resolve) => setTimeout(resolve, 20))]);
      else await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async close(): Promise<void> {
    this.#isEnded = true;
    this.#controller.abort();
    await this.#reading;
    await this.#session?.close();
  }
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, withinMs: number = 30_000, what: () => string = () => "it did not come"): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`${what()} within ${withinMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

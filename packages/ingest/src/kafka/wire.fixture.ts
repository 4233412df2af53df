// A cluster that answers as a test says, call by call.
import { compressionsAlgorithmsByBitmask, crc32c, createRecordsBatch } from "@platformatic/kafka";
import { Signal } from "@streamflow/core";
import type { KafkaWire } from "@streamflow/kafka";

/** What a broker says, as the client throws it. */
export function brokerError(apiId: string, canRetry: boolean = false): Error {
  return Object.assign(new Error(`broker says ${apiId}`), { apiId, canRetry });
}

/** What the client throws where a broker is away. */
export function networkError(): Error {
  return Object.assign(new Error("connection refused"), { code: "PLT_KFK_NETWORK" });
}

/** A record batch of these values, as a broker has it. */
export function batchOf(baseOffset: bigint, values: readonly string[]): Buffer {
  const records = values.map((value) => ({ topic: "t", timestamp: 0n, headers: new Map(), key: null as never, value: Buffer.from(value) as never }));
  const bytes = Buffer.from(createRecordsBatch(records, { compression: "none" }).dynamicBuffer.slice());
  bytes.writeBigInt64BE(baseOffset, 0);
  return bytes;
}

/** A call that waits for its answer. */
export interface Call {
  readonly args: readonly unknown[];
  answer(value: unknown): void;
  fail(error: unknown): void;
}

/** Calls in the order in which they come. */
export class FakeWire {
  readonly topics = new Map<string, { name: string; id: string; isInternal: boolean; partitions: { leader: number; leaderEpoch: number }[] }>();
  /** Set: asking about topics fails with it. */
  refreshError: unknown;
  coordinatorError: unknown;
  refreshes = 0;
  coordinators = 0;
  readonly #calls: Call[] = [];
  readonly #open = new Set<Call>();
  readonly #news = new Signal();

  constructor(topics: Readonly<Record<string, number>>) {
    for (const [name, count] of Object.entries(topics)) this.topics.set(name, { name, id: `id-${name}`, isInternal: false, partitions: Array.from({ length: count }, () => ({ leader: 1, leaderEpoch: 0 })) });
  }

  /** The next call, once it is there. */
  async next(): Promise<Call> {
    while (this.#calls.length === 0) await this.#news.wait();
    return this.#calls.shift()!;
  }

  /** Calls that nobody has looked at. */
  get waiting(): number {
    return this.#calls.length;
  }

  /** What is on its way fails. */
  close(): void {
    for (const call of this.#open) call.fail(networkError());
  }

  /** As the parts under test see it. */
  get wire(): KafkaWire {
    const { topics } = this;
    const parts = {
      library: { consumerGroupHeartbeatV1: { api: "heartbeat" }, createAPI: () => "fetch", crc32c, compressionsAlgorithmsByBitmask },
      coordinator: () => {
        this.coordinators++;
        return this.coordinatorError === undefined ? Promise.resolve({ host: "h", port: 1 }) : Promise.reject(this.coordinatorError as Error);
      },
      call: (_broker: unknown, _request: unknown, args: readonly unknown[]) => {
        const { promise, resolve, reject } = Promise.withResolvers<unknown>();
        const call: Call = { args, answer: resolve, fail: reject };
        this.#calls.push(call);
        this.#open.add(call);
        this.#news.raise();
        return promise;
      },
      refresh: () => {
        this.refreshes++;
        return this.refreshError === undefined ? Promise.resolve([...topics.values()]) : Promise.reject(this.refreshError as Error);
      },
      topic: (name: string) => topics.get(name),
      leaderOf(name: string, partition: number) {
        const leader = topics.get(name)?.partitions[partition]?.leader ?? -1;
        return leader < 0 ? undefined : { node: leader, address: { host: "h", port: leader } };
      },
    };
    return parts as unknown as KafkaWire;
  }
}

// What the real engine does to stores and sinks, written down in the words of the model, and held against it.
import type { CheckpointStore } from "../../contracts/checkpoint-store.ts";
import type { Environment } from "../../contracts/environment.ts";
import type { SinkCommit } from "../../contracts/sink.ts";
import type { LeaseStore } from "../../contracts/stores.ts";
import type { HostStores } from "../../host.ts";
import { Pipeline } from "../../pipeline.ts";
import { PipelineDriver } from "../../testing/driver.ts";
import { type MemoryStorage, memoryStores } from "../../testing/memory-stores.ts";
import type { SinkTarget, WrittenRecord } from "../../testing/sink-target.ts";
import { beginning, movesOf, type Setting, type SinkKind, textOfWorld } from "./protocol.fixture.ts";

/** One partition, whose positions are numbers of records. */
const partition = "0";

function positionIn(positions: Readonly<Record<string, string>> | undefined): number {
  return Number(positions?.[partition] ?? 0);
}

function said(commit: SinkCommit | undefined, what: string, records: readonly WrittenRecord[]): string {
  const shard = commit?.shards[0];
  return `${shard?.generation} ${what} ${positionIn(shard?.positions)}: ${records.map(({ value }) => value).join(" ")}`;
}

/** A driver whose processes leave a trace. */
export class TracedDriver {
  readonly trace: string[] = [];
  readonly driver: PipelineDriver;

  constructor({ sinks, isAsync }: Pick<Setting, "sinks" | "isAsync">, reach: (point: string) => void = () => undefined) {
    this.driver = new PipelineDriver({
      faults: { reach },
      stores: (environment) => this.#stores(environment),
      build: (ends) => {
        const pipeline = new Pipeline({ name: "traced", checkpoint: { everyMs: 100, mode: isAsync ? "async" : "sync", keep: 1 }, batch: { maxRecords: 1 } }).from(ends.source());
        sinks.forEach((kind, at) => pipeline.to(ends.sink(`out${at}`, kind), { id: `out${at}` }));
        return pipeline;
      },
    });
    sinks.forEach((kind, at) => this.#watch(this.driver.target(`out${at}`), kind, at));
  }

  #stores(environment: Environment): HostStores {
    const storage: MemoryStorage = this.driver.storage;
    const stores = memoryStores(environment.clock, storage);
    return { ...stores, leases: this.#watchedLeases(stores.leases), checkpoints: this.#watchedCheckpoints(stores.checkpoints) };
  }

  #watchedLeases(leases: LeaseStore): LeaseStore {
    const acquire: LeaseStore["acquire"] = async (request) => {
      const fences = await leases.acquire(request);
      this.trace.push(`${fences[0]?.generation} owns`);
      return fences;
    };
    return watched(leases, { acquire });
  }

  #watchedCheckpoints(checkpoints: CheckpointStore): CheckpointStore {
    const fence: CheckpointStore["fence"] = async (pipeline, fences) => {
      await checkpoints.fence(pipeline, fences);
      if (fences[0] !== undefined) this.trace.push(`${fences[0].generation} fences`);
    };
    const publish: CheckpointStore["publish"] = async (pipeline, checkpoint) => {
      await checkpoints.publish(pipeline, checkpoint);
      const [manifest] = checkpoint.manifests;
      this.trace.push(`${manifest?.generation} publishes ${positionIn(manifest?.positions)}`);
    };
    return watched(checkpoints, { fence, publish });
  }

  /** Within the target: what is written down has happened, whoever has died since. */
  #watch(target: SinkTarget, kind: SinkKind, sink: number): void {
    const fence = target.fence.bind(target);
    const checkFence = target.checkFence.bind(target);
    const prepare = target.prepare.bind(target);
    const commit = target.commit.bind(target);
    const commitPrepared = target.commitPrepared.bind(target);
    let isCommit = false;
    let checked: SinkCommit | undefined;
    target.fence = (shard, generation, options) => {
      fence(shard, generation, options);
      if (isCommit || options?.isClaim === false) return;
      this.trace.push(`${generation} asks ${sink}`);
    };
    target.checkFence = (given) => {
      isCommit = true;
      try {
        checkFence(given);
      } finally {
        isCommit = false;
      }
      checked = given;
    };
    target.prepare = (records) => {
      this.trace.push(said(checked, `prepares ${sink}`, records));
      return prepare(records);
    };
    target.commit = (records, given) => {
      commit(records, given);
      if (kind === "sink-first") this.trace.push(said(given, `commits ${sink}`, records));
    };
    target.commitPrepared = (id, given) => {
      commitPrepared(id, given);
      this.trace.push(`has ${sink} show what ${given.shards[0]?.generation} sealed`);
    };
  }
}

function watched<Value extends object>(value: Value, methods: Partial<Value>): Value {
  return new Proxy(value, {
    get(target, name) {
      const member: unknown = Reflect.get(methods, name) ?? Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

interface SeenMove {
  readonly label: string | undefined;
  readonly by: number;
  readonly isRecovery: boolean;
  readonly text: string;
}

/** Follows traces through a model. Traces begin alike: what can happen in a world is found out once. */
export class Follower {
  readonly #setting: Setting;
  readonly #moves = new Map<string, readonly SeenMove[]>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  /** Where a trace does something that the model does not; undefined: it could have been the model's. */
  refusedAt(trace: readonly string[]): number | undefined {
    let worlds: ReadonlySet<string> = new Set([textOfWorld(beginning(this.#setting))]);
    for (const [at, label] of trace.entries()) {
      worlds = this.#after(this.#silently(worlds, ownerIn(label)), label);
      if (worlds.size === 0) return at;
    }
    return undefined;
  }

  /** The worlds that these can become unseen. Others than the owner that is seen next move only where the moment matters to them: in their recovery. */
  #silently(worlds: ReadonlySet<string>, owner: number | undefined): ReadonlySet<string> {
    const reached = new Set(worlds);
    for (const world of reached) {
      for (const { label, by, isRecovery, text } of this.#movesOf(world)) {
        if (label === undefined && (owner === undefined || by === owner || isRecovery)) reached.add(text);
      }
    }
    return reached;
  }

  #after(worlds: ReadonlySet<string>, seen: string): ReadonlySet<string> {
    const next = new Set<string>();
    for (const world of worlds) {
      for (const { label, text } of this.#movesOf(world)) if (label === seen || label?.endsWith(` ${seen}`) === true) next.add(text);
    }
    return next;
  }

  /** What breaks no invariant. */
  #movesOf(world: string): readonly SeenMove[] {
    let moves = this.#moves.get(world);
    if (moves === undefined) {
      const kept = movesOf(world, this.#setting).filter(({ violation }) => violation === undefined);
      this.#moves.set(world, (moves = kept.map(({ label, by, isRecovery, next }) => ({ label, by, isRecovery, text: textOfWorld(next) }))));
    }
    return moves;
  }
}

/** Who does what a label says; undefined: anybody may. */
function ownerIn(label: string): number | undefined {
  const owner = Number(label.split(" ")[0]);
  return Number.isNaN(owner) ? undefined : owner;
}

// A pipeline of keyed sums whose savepoint is taken half-way, and what is started from it: with other stores, under another name, with crashes.
import { buildScenario, partitions, type Setting } from "../engine/exactly-once.fixture.ts";
import { checkPlan } from "../plan/checked-plan.ts";
import { standardFunctionTable } from "../plan/function-table.ts";
import type { PhysicalPlan } from "../plan/physical-plan.ts";
import type { FaultPlan } from "../contracts/environment.ts";
import type { Sink } from "../contracts/sink.ts";
import type { HostStores } from "../host.ts";
import { PipelineDriver } from "../testing/driver.ts";
import { MemoryStorage, memoryStores } from "../testing/memory-stores.ts";
import { RecordingSink, type RecordingSinkKind } from "../testing/recording-sink.ts";
import type { Savepoint } from "./savepoint.ts";
import { startFromSavepoint, type SavepointStart } from "./start-from-savepoint.ts";
import { takeSavepoint } from "./take-savepoint.ts";

/** One world: its input and its sinks stay, while names and stores change. */
export class SavepointWorld {
  readonly driver: PipelineDriver;
  setting: Setting;
  storage: MemoryStorage = new MemoryStorage();
  #round = 0;

  constructor(setting: Setting, faults?: FaultPlan) {
    this.setting = setting;
    this.driver = new PipelineDriver({
      build: (ends) => buildScenario(this.setting)(ends),
      brokers: { in: { partitions } },
      stores: () => this.stores,
      ...(faults === undefined ? {} : { faults }),
    });
  }

  get stores(): HostStores {
    return memoryStores(this.driver.world.clock, this.storage);
  }

  get name(): string {
    return this.setting.name ?? "sums";
  }

  /** Epochs that are stored, newest first. */
  async epochs(name = this.name): Promise<readonly number[]> {
    return (await this.stores.checkpoints.list(name)).map(({ epoch }) => epoch);
  }

  async feed(rounds: number): Promise<void> {
    const end = this.#round + rounds;
    for (; this.#round < end; this.#round++) {
      for (const partition of partitions) this.driver.push([1, 2, 3, 4].map((n) => ({ k: `${partition}${n % 2}`, n: n + this.#round })), partition);
      await this.driver.advance(60);
    }
  }

  /** Of the run of a process, which goes on. */
  async take(process = "main"): Promise<Savepoint> {
    let taken: Savepoint | undefined;
    const taking = this.driver.run(process).withCommitted(async (committed) => (taken = await takeSavepoint({ stores: this.stores, environment: this.driver.world.environment, pipeline: this.name, committed })));
    taking.catch(() => undefined);
    await this.driver.settle();
    await this.driver.advance(200);
    return taken ?? (await taking);
  }

  get plan(): PhysicalPlan {
    const scenario = buildScenario(this.setting)({
      source: <Out>() => this.driver.broker().source<Out>("plan"),
      sink: <In>(_name?: string, kind: RecordingSinkKind = "sink-first") => new RecordingSink(kind) as Sink<In>,
    });
    return checkPlan(scenario.plan(), standardFunctionTable).physical();
  }

  start(savepoint: Savepoint, options: Partial<SavepointStart> = {}): ReturnType<typeof startFromSavepoint> {
    return startFromSavepoint({ savepoint, plan: this.plan, stores: this.stores, environment: this.driver.world.environment, ...options });
  }

  /** What readers of the sinks see, in any order. */
  outputs(target = this.setting.target ?? "out"): readonly (readonly string[])[] {
    return this.setting.kinds.map((_, index) => [...this.driver.values(`${target}${index}`)].map(String).sort());
  }
}

// Runs a plan under a schedule, in simulated processes, until all of its input has been committed.
import { decodeDeadLetter, deadLetterLog, StreamFlowError } from "@streamflow/core";
import { memoryStores, PipelineDriver, ScriptedFaults } from "@streamflow/core/testing";
import { buildPlan, sinkNames } from "./build.fixture.ts";
import { hasExchange, hasTwoSources, type PlanSpec } from "./plan-spec.fixture.ts";
import { rowsOf, textOf } from "./rows.fixture.ts";
import type { Happening, ScheduleSpec } from "./schedule.fixture.ts";

/** What readers see in the end. */
export interface Outcome {
  /** Committed records of each sink, by shard, in order; of idempotent sinks sorted, for their order is that of the first write. */
  readonly outputs: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Dead letters of records that have a position: each is there once. */
  readonly rejected: readonly string[];
  /** Those of timers, without repeats: they have no position, and are there at least once. */
  readonly rejectedByTimers: readonly string[];
}

/** Codes with which a process may fail and start again. */
const expectedRestarts: readonly string[] = ["SF_PARTITION_LOST"];
const maxRounds = 30;

/** One plan under one schedule. */
export class Simulation {
  readonly #spec: PlanSpec;
  readonly #schedule: ScheduleSpec;
  readonly #driver: PipelineDriver;
  readonly #rows: readonly (readonly (readonly unknown[])[])[];
  readonly #pushed: number[][];
  readonly #visited: Set<string>;
  /** Processes that are meant to run. */
  #active: string[] = [];
  #frozen: string | undefined;
  #starts = 0;
  #names = 0;

  constructor(spec: PlanSpec, schedule: ScheduleSpec, visited: Set<string> = new Set()) {
    this.#spec = spec;
    this.#schedule = schedule;
    this.#visited = visited;
    const used = hasTwoSources(spec) ? spec.sources : [spec.sources[0]];
    this.#rows = used.map((source, at) => source.counts.map((_, partition) => rowsOf(source, at, partition)));
    this.#pushed = this.#rows.map((partitions) => partitions.map(() => 0));
    const brokers = Object.fromEntries(used.map((source, at) => [`in${at}`, { partitions: source.counts.map((_, partition) => String(partition)), bounded: spec.bounded }]));
    this.#driver = new PipelineDriver({ brokers, faults: this.#faults(), build: (ends) => buildPlan(spec, ends, this.#processConfig()) });
  }

  /** Runs to the end. @throws where a process fails for another reason than the schedule's, or the end is not reached */
  async run(): Promise<Outcome> {
    await this.#startNew();
    for (const happening of this.#schedule.happenings) {
      await this.#revive();
      await this.#do(happening);
    }
    await this.#finish();
    this.#checkLog();
    return await this.#outcome();
  }

  #processConfig(): Parameters<typeof buildPlan>[2] {
    const { limits, modes, everyMs, keep } = this.#schedule;
    const start = this.#starts++;
    return { batch: { maxRecords: limits[start % limits.length] ?? 1_024 }, checkpoint: { mode: modes[start % modes.length] ?? "async", everyMs, keep } };
  }

  /** The crashes of the schedule, each armed when the one before has struck. */
  #faults(): { reach(point: string): void } {
    const scripts = this.#schedule.faults.map((at) => new ScriptedFaults({ at }));
    return {
      reach: (point) => {
        this.#visited.add(point);
        const [script] = scripts;
        try {
          script?.reach(point);
        } catch (crash) {
          scripts.shift();
          throw crash;
        }
      },
    };
  }

  // --- happenings ------------------------------------------------------------------------------------------------

  async #do(happening: Happening): Promise<void> {
    switch (happening.what) {
      case "push": return this.#push(happening.source, happening.partition, happening.count);
      case "advance": return await this.#driver.advance(happening.ms);
      case "checkpoint": {
        for (const name of this.#active) await this.#driver.checkpoint(name);
        return;
      }
      case "crash": return await this.#driver.restart(this.#active[0]);
      case "stop": return await this.#stop();
      case "takeOver": return await this.#takeOver();
      case "thaw": return await this.#thaw();
      case "stall": return await this.#stall();
      case "move":
      case "take": return await this.#hand(happening.what, String(happening.partition));
    }
  }

  #push(source: number, partition: number, count: number): void {
    const rows = this.#rows[source]?.[partition];
    const from = this.#pushed[source]?.[partition];
    if (rows === undefined || from === undefined || from >= rows.length) return;
    this.#driver.push(rows.slice(from, from + count), String(partition), `in${source}`);
    this.#pushed[source]![partition] = Math.min(rows.length, from + count);
  }

  async #stop(): Promise<void> {
    const [name] = this.#active;
    await this.#driver.stop(name);
    await this.#driver.restart(name);
  }

  /** A process is stopped as by SIGSTOP, and others go on with all that it had. */
  async #takeOver(): Promise<void> {
    const [name] = this.#active;
    if (this.#frozen !== undefined || name === undefined || !this.#driver.isAlive(name)) return;
    this.#driver.freeze(name);
    this.#frozen = name;
    for (const other of this.#active.slice(1)) this.#driver.crash(other);
    this.#active = [];
    await this.#startNew();
  }

  /** It wakes up, does what it can, and is ended. */
  async #thaw(): Promise<void> {
    const name = this.#frozen;
    if (name === undefined) return;
    this.#frozen = undefined;
    await this.#driver.thaw(name);
    await this.#driver.advance(200);
    this.#driver.crash(name);
  }

  /** A sink takes nothing for a while. */
  async #stall(): Promise<void> {
    const resume = this.#driver.target("out0").stall();
    await this.#driver.world.clock.advanceAsync(150);
    resume();
    await this.#driver.settle();
  }

  /** A partition goes to another process: asked for, or taken without notice. */
  async #hand(how: "move" | "take", partition: string): Promise<void> {
    // A process without partitions ends where input is bounded; behind an exchange one process has all.
    if (this.#spec.bounded || hasExchange(this.#spec) || this.#frozen !== undefined || this.#rows[0]?.[Number(partition)] === undefined) return;
    if (this.#active.length === 1) await this.#startIdle();
    if (this.#active.length < 2) return;
    const to = this.#active[1]!;
    const broker = this.#driver.broker("in0");
    // Not awaited: either process may be ended meanwhile.
    (how === "move" ? broker.move(partition, to) : broker.take(partition, to)).catch(() => undefined);
    await this.#driver.advance(how === "move" ? 0 : 30_000);
    this.#active.reverse();
  }

  // --- processes -------------------------------------------------------------------------------------------------

  /** Starts a process that has all partitions. */
  async #startNew(): Promise<void> {
    const name = `process${this.#names++}`;
    this.#rows.forEach((partitions, source) => partitions.forEach((_, at) => this.#driver.broker(`in${source}`).give(String(at), name)));
    this.#active = [name];
    await this.#driver.start(name);
  }

  async #startIdle(): Promise<void> {
    const name = `process${this.#names++}`;
    this.#active.push(name);
    await this.#driver.start(name);
  }

  /** Starts again what was ended by a crash. */
  async #revive(): Promise<void> {
    for (let round = 0; round < maxRounds; round++) {
      const dead = this.#active.find((name) => !this.#driver.isAlive(name) && this.#driver.run(name).state !== "finished");
      if (dead === undefined) return;
      await this.#driver.restart(dead);
    }
    throw new StreamFlowError("EXT_SIMULATION", "a process does not stay alive");
  }

  async #finish(): Promise<void> {
    this.#rows.forEach((partitions, source) => partitions.forEach((rows, at) => this.#push(source, at, rows.length)));
    if (this.#spec.bounded) this.#rows.forEach((_, source) => this.#driver.broker(`in${source}`).end());
    for (let round = 0; round < maxRounds; round++) {
      await this.#revive();
      await this.#driver.advance(300);
      if (this.#spec.bounded ? this.#isFinished : await this.#isCommitted()) return await this.#thaw();
    }
    throw new StreamFlowError("EXT_SIMULATION", `the end is not reached: ${this.#active.map((name) => `${name} is ${this.#driver.run(name).state}`).join(", ")}`);
  }

  get #isFinished(): boolean {
    return this.#active.every((name) => this.#driver.run(name).state === "finished");
  }

  async #isCommitted(): Promise<boolean> {
    for (const name of this.#active) await this.#driver.checkpoint(name);
    await this.#driver.advance(100);
    return this.#active.every((name) => this.#driver.isAlive(name) && this.#driver.run(name).state === "running");
  }

  /** Nothing may have been mended in silence. */
  #checkLog(): void {
    for (const { level, message, fields } of this.#driver.world.logger.lines) {
      if (level !== "warn" && level !== "error") continue;
      if (typeof fields?.["code"] === "string" && expectedRestarts.includes(fields["code"])) continue;
      throw new StreamFlowError("EXT_SIMULATION", `unexpected in the log: ${message} ${JSON.stringify(fields)}`);
    }
  }

  // --- outcome ---------------------------------------------------------------------------------------------------

  async #outcome(): Promise<Outcome> {
    const outputs = Object.fromEntries(sinkNames.map((sink) => [sink, this.#outputOf(sink)]));
    const { logs } = memoryStores(this.#driver.world.clock, this.#driver.storage);
    const letters = (await logs.read(deadLetterLog("simulated"), 0, Infinity)).map((entry) => decodeDeadLetter(entry.payload));
    const textOfLetter = ({ node, partition, position, code, message }: (typeof letters)[number]): string => textOf([node, partition, position, code, message]);
    return {
      outputs,
      rejected: letters.filter((letter) => letter.position !== undefined).map(textOfLetter).sort(),
      rejectedByTimers: [...new Set(letters.filter((letter) => letter.position === undefined).map(textOfLetter))].sort(),
    };
  }

  #outputOf(sink: string): Record<string, readonly string[]> {
    const shards: Record<string, string[]> = {};
    for (const { value, timestampMs, change, identity } of this.#driver.target(sink).visible) (shards[identity.shard] ??= []).push(`${change} at ${timestampMs}: ${textOf(value)}`);
    if (sink === "tap" && this.#spec.tap === "idempotent") for (const records of Object.values(shards)) records.sort();
    return shards;
  }
}

/** The fault-free run in one process: what every other run must equal. */
export const plainSchedule: ScheduleSpec = { limits: [1_024], modes: ["sync"], everyMs: 10_000, keep: 3, happenings: [], faults: [] };

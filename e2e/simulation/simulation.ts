// Runs one schedule: the whole engine, checkpoints as files on a virtual disk, a manual clock, processes that die and wake up.
import { StreamFlowError } from "@streamflow/core";
import { forbidCodeGeneration, memoryStores, PipelineDriver, VirtualDisk } from "@streamflow/core/testing";
import { committedParts } from "@streamflow/sink";
import { checkpointing, openFileCheckpointStore } from "@streamflow/state";
import { buildPipeline, folderOf, partitions, rowsOf, rowsOfPartition } from "./pipeline.ts";
import { recoveryPoints } from "../crash-points.ts";
import { quietPoint, type Schedule, type Step } from "./schedule.ts";

/** What a schedule did. */
export interface Outcome {
  /** Rows of each output, sorted. */
  readonly outputs: Readonly<Record<string, readonly string[]>>;
  readonly checkpoints: number;
  /** Where processes were ended. */
  readonly crashes: readonly string[];
  readonly otherFaults: number;
}

const maxRounds = 40;
/** Some need ten. Where one after another fails, the end is not near. */
const maxStarts = 40;
/** What may end a process that nobody killed: it starts again. */
const expected = ["SF_DISK_FULL", "SF_DISK_FAILED", "SF_CHECKPOINT_FENCED", "SF_SINK_FENCED", "SF_LEASE_LOST", "SF_LEASE_HELD", "SF_RESTART_EXHAUSTED"];

export class Simulation {
  readonly #schedule: Schedule;
  readonly #driver: PipelineDriver;
  #disk: VirtualDisk;
  #armed: { readonly point: string; readonly how: "crash" | "power" | "freeze"; left: number } | undefined;
  readonly #crashes: string[] = [];
  #otherFaults = 0;
  #checkpoints = 0;
  #names = 0;
  #starts = 0;
  #name = "";
  #frozen: { readonly name: string; left: number } | undefined;
  #awakeAfter = 0;
  /** A process that finds its disk dead when it opens its stores never begins. */
  #hasBegun = false;
  /** Of the process that was started last. Where the power goes while it starts, it goes on with a dead one. */
  #diskInUse: VirtualDisk | undefined;
  #pushed = 0;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#driver = new PipelineDriver({
      seed: schedule.seed,
      brokers: { in: { partitions, bounded: true } },
      disk: () => (this.#diskInUse = this.#disk),
      faults: { reach: (point) => this.#reach(point) },
      stores: async (environment) => ({ ...memoryStores(environment.clock, this.#driver.storage), checkpointing, checkpoints: await openFileCheckpointStore("/data/checkpoints", environment) }),
      build: (ends) => {
        this.#hasBegun = true;
        return buildPipeline(schedule, ends, schedule.limits[this.#starts++ % schedule.limits.length] ?? 1_024);
      },
    });
    this.#disk = new VirtualDisk({ clock: this.#driver.world.clock });
  }

  /** @throws where the end is not reached, or a process fails for another reason than the schedule's */
  async run(): Promise<Outcome> {
    // By turns as closures and as one generated function: they mean the same, and most of the time of a start goes into the latter.
    forbidCodeGeneration(this.#schedule.seed % 16 !== 0);
    try {
      await this.#startNew();
      for (const step of this.#schedule.steps) await this.#step(step);
      if (this.#schedule.isCompleted) await this.#complete();
      await this.#finish();
      return { outputs: await this.#outputs(), checkpoints: this.#checkpoints, crashes: this.#crashes, otherFaults: this.#otherFaults };
    } finally {
      forbidCodeGeneration(false);
    }
  }

  #reach(point: string): void {
    if (point === "checkpoint.after-committed") this.#checkpoints++;
    const armed = this.#armed;
    if (armed === undefined || armed.point !== point || --armed.left > 0) return;
    this.#armed = undefined;
    if (armed.how === "freeze") return this.#freeze();
    this.#crashes.push(point);
    if (armed.how === "power") this.#losePower();
    throw new StreamFlowError("EXT_SIMULATED_CRASH", `ended at ${point}`);
  }

  /** All processes end: they are on one machine. */
  #losePower(): void {
    this.#disk = this.#disk.crash(this.#schedule.seed);
    if (this.#frozen !== undefined) this.#driver.crash(this.#frozen.name);
    this.#frozen = undefined;
    if (this.#driver.isAlive(this.#name)) this.#driver.crash(this.#name);
  }

  async #step(step: Step): Promise<void> {
    await this.#revive();
    await this.#do(step);
    if (this.#frozen?.name === this.#name) await this.#startNew();
    if (this.#frozen !== undefined && this.#frozen.left-- <= 0) await this.#thaw();
  }

  /** Brings about what the steps did not: at a point that is still waited for, else while nothing is done. The end takes the last checkpoint. */
  async #complete(): Promise<void> {
    for (let round = 0; round < 5 && (this.#armed !== undefined || this.#checkpoints < 2); round++) {
      const before = this.#checkpoints;
      await this.#step({ what: "checkpoint" });
      // After a full disk a process waits before it begins again.
      if (this.#checkpoints === before) await this.#step({ what: "advance", ms: 300 });
    }
    this.#armed = undefined;
    if (this.#otherFaults === 0) await this.#step({ what: "takeover", point: undefined, awakeAfter: 0 });
    if (this.#crashes.length > 0) return;
    await this.#revive();
    this.#crashes.push(quietPoint);
    this.#driver.crash(this.#name);
  }

  async #do(step: Step): Promise<void> {
    const { clock } = this.#driver.world;
    switch (step.what) {
      case "push": return this.#push(step.count);
      case "checkpoint": return void (await this.#driver.checkpoint(this.#name));
      case "advance": return await this.#settled(() => this.#driver.advance(step.ms));
      case "crash": return await this.#arm(step);
      case "takeover": {
        this.#awakeAfter = step.awakeAfter;
        if (step.point === undefined) return this.#freeze();
        this.#armed = { point: step.point, how: "freeze", left: 1 };
        return await this.#comeTo(step.point);
      }
      case "jump": {
        this.#otherFaults++;
        return clock.setWall(clock.nowMs() - step.ms * 1_000);
      }
      case "full": {
        this.#otherFaults++;
        this.#disk.quotaBytes = this.#disk.usedBytes;
        await this.#settled(() => this.#driver.advance(step.ms));
        this.#disk.quotaBytes = Infinity;
        return;
      }
      case "stall": return await this.#stall(step.ms);
    }
  }

  #push(count: number): void {
    for (const partition of partitions) this.#driver.push(rowsOf(this.#schedule, partition).slice(this.#pushed, this.#pushed + count), partition);
    this.#pushed = Math.min(rowsOfPartition, this.#pushed + count);
  }

  /** Time in which processes may fail as the schedule has it. */
  async #settled(act: () => Promise<unknown>): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#mustBeExpected(error);
    }
  }

  async #stall(ms: number): Promise<void> {
    this.#otherFaults++;
    const resume = this.#driver.target("out0-windows").stall();
    await this.#settled(() => this.#driver.world.clock.advanceAsync(ms));
    resume();
  }

  async #arm({ point, visit, power }: Extract<Step, { what: "crash" }>): Promise<void> {
    this.#armed = { point, how: power ? "power" : "crash", left: visit };
    await this.#comeTo(point);
  }

  /** To points of the recovery only a process comes that starts. */
  async #comeTo(point: string): Promise<void> {
    if (!recoveryPoints.includes(point)) return;
    if (this.#driver.isAlive(this.#name)) this.#driver.crash(this.#name);
    await this.#revive();
  }

  #freeze(): void {
    if (this.#frozen !== undefined || !this.#driver.isAlive(this.#name)) return;
    this.#otherFaults++;
    this.#driver.freeze(this.#name);
    this.#frozen = { name: this.#name, left: this.#awakeAfter };
  }

  async #thaw(): Promise<void> {
    const { name } = this.#frozen ?? {};
    if (name === undefined) return;
    this.#frozen = undefined;
    await this.#settled(() => this.#driver.thaw(name));
    await this.#settled(() => this.#driver.advance(120));
    this.#driver.crash(name);
  }

  async #startNew(): Promise<void> {
    if (this.#names === maxStarts) throw this.#endless();
    this.#name = `process${this.#names++}`;
    for (const partition of partitions) this.#driver.broker().give(partition, this.#name);
    this.#hasBegun = false;
    await this.#settled(() => this.#driver.start(this.#name));
  }

  /** Starts again what has ended. */
  async #revive(): Promise<void> {
    for (let round = 0; round < maxRounds && !this.#isUp; round++) {
      if (this.#hasBegun) {
        const failure = this.#driver.failure(this.#name);
        if (failure !== undefined) this.#mustBeExpected(failure);
        this.#driver.crash(this.#name);
      }
      await this.#startNew();
    }
  }

  get #isUp(): boolean {
    if (!this.#hasBegun || this.#diskInUse !== this.#disk) return false;
    return this.#driver.isAlive(this.#name) || this.#driver.run(this.#name).state === "finished";
  }

  #mustBeExpected(error: unknown): void {
    for (let at: unknown = error; at !== undefined && at !== null; at = (at as { readonly cause?: unknown }).cause) {
      if (at instanceof StreamFlowError && expected.includes(at.code)) return;
    }
    throw error;
  }

  async #finish(): Promise<void> {
    this.#push(rowsOfPartition);
    this.#driver.broker().end();
    for (let round = 0; round < maxRounds; round++) {
      await this.#revive();
      await this.#settled(() => this.#driver.advance(300));
      if (this.#frozen?.name === this.#name) await this.#startNew();
      if (this.#hasBegun && this.#driver.run(this.#name).state === "finished") return await this.#thaw();
    }
    throw this.#endless();
  }

  #endless(): StreamFlowError {
    const what = this.#hasBegun ? `${this.#driver.run(this.#name).state}: ${String(this.#driver.run(this.#name).lastError)}` : "not begun";
    return new StreamFlowError("EXT_SIMULATION", `the end is not reached after ${this.#names} starts: the last process is ${what}`);
  }

  async #outputs(): Promise<Outcome["outputs"]> {
    const outputs: Record<string, readonly string[]> = { late: await this.#rowsOf(0, "late") };
    for (const at of this.#schedule.sinks.keys()) outputs[`out${at}`] = await this.#rowsOf(at, "windows");
    return outputs;
  }

  async #rowsOf(at: number, output: "windows" | "late"): Promise<readonly string[]> {
    if (this.#schedule.sinks[at] !== "files") return this.#driver.values(`out${at}-${output}`).map((value) => JSON.stringify(value)).sort();
    const folder = folderOf(at, output);
    const files = this.#disk.files();
    const parts = await committedParts(this.#disk, folder);
    return parts.flatMap(({ name }) => new TextDecoder().decode(files.get(`${folder}/${name}`)).split("\n").filter((line) => line !== "")).sort();
  }
}


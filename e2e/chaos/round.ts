// A round: one run of the job that is killed many times, beside one that is not, and what a reader finds in the end.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { seededRandom, type SeededRandom } from "@streamflow/core/testing";
import { sinkPoints } from "../crash-points.ts";
import { compareOutputs, type Difference } from "./compare.ts";
import type { Job, StoreName } from "./job.ts";
import { drawKills, isAimed, type Kill, killsAt } from "./kill-plan.ts";
import { phaseAt } from "./phases.ts";
import type { ChaosSink, Output, Target } from "./sinks/chaos-sink.ts";
import { chaosSinks } from "./sinks/index.ts";
import { type Program, Victim, within } from "./victim.ts";

/** What a round is. Everything random in it follows from its seed; when a process is struck, it is up to the machine how far that is. */
export interface RoundSpec {
  readonly seed: number;
  readonly sink: string;
  readonly store: StoreName;
  readonly kills: number;
  /** Kills that are not drawn, but at each of these points. */
  readonly at?: readonly string[];
  readonly folder: string;
  /** Of the server that the sink writes to, where it needs one. */
  readonly serverUrl: string;
  /** Of the server that holds the stores, where there is one. */
  readonly storeUrl: string;
}

/** A process that died by SIGKILL. */
export interface Death {
  readonly phase: string;
  /** The point that the process came to last. */
  readonly point: string | undefined;
  /** The kill was aimed at a phase of a checkpoint, and struck there. */
  readonly aimed: boolean;
  readonly how: Kill["how"];
  /** There was output before, and more came later. */
  readonly amidOutput: boolean;
}

/** What a round found. */
export interface RoundResult extends Difference {
  readonly spec: RoundSpec;
  readonly deaths: readonly Death[];
  /** How often processes came to each point. */
  readonly visits: ReadonlyMap<string, number>;
  readonly rows: number;
  /** What else happened, by name. */
  readonly others?: Readonly<Record<string, number>>;
}

const partitions = 2;
/** Rows in a millisecond. */
const pace = 8;
/** What a paced process may read at most before it is killed for certain, in milliseconds. */
const longestLifeMs = 700;
const leaseMs = 250;
/** Between two checkpoints of a process that is to be killed. */
const checkpointMs = 12;
/** A point that was not reached after so long is not waited for any more. */
const patienceMs = 600;
/** How many rounds begin with a kill before there is any output; the others wait for it. */
const beforeOutput = 0.2;
/** How long a successor may be kept from its work by one that is stopped. */
const barredMs = 1_500;
/** No kill takes so long, whatever the machine has to do. */
const killPatienceMs = 30_000;
/** The fault-free run, and the end of the other one, take no longer, whatever the machine has to do. */
const endPatienceMs = 120_000;

/** Runs a round. @throws where a process ends in another way than it was made to */
export async function runRound(spec: RoundSpec, program: Program, onDeath: () => void): Promise<RoundResult> {
  return await new Round(spec, program, onDeath).run();
}

class Round {
  readonly #spec: RoundSpec;
  readonly #program: Program;
  readonly #onDeath: () => void;
  readonly #sink: ChaosSink;
  readonly #random: SeededRandom;
  #job: Job;
  readonly #kills: readonly Kill[];
  readonly #all: Victim[] = [];
  readonly #deaths: (Omit<Death, "amidOutput"> & { readonly sizeBefore: number })[] = [];
  #spare: Victim;
  #machine = 0;

  constructor(spec: RoundSpec, program: Program, onDeath: () => void) {
    const sink = chaosSinks[spec.sink];
    if (sink === undefined) throw new Error(`no sink "${spec.sink}"`);
    this.#spec = spec;
    this.#program = program;
    this.#onDeath = onDeath;
    this.#sink = sink;
    this.#random = seededRandom(spec.seed);
    const { store, storeUrl, seed, at } = spec;
    const mode = this.#random.chance() ? "sync" : "async";
    this.#kills = at === undefined ? drawKills(spec.kills, this.#random, sinkPoints[spec.sink] ?? []) : killsAt(at);
    const count = Math.ceil(((this.#kills.length + 1) * longestLifeMs * pace) / partitions);
    this.#job = { sink: spec.sink, store, storeUrl, folder: "", place: "", machine: "0", rows: { seed, isLocal: this.#random.chance(), partitions }, count, life: 0, mode, checkpointMs: 200, leaseMs };
    this.#spare = this.#boot();
  }

  async run(): Promise<RoundResult> {
    const { folder, serverUrl } = this.#spec;
    const [plainFolder, killedFolder] = [join(folder, "expected"), join(folder, "killed")];
    for (const made of [plainFolder, killedFolder]) await mkdir(made, { recursive: true });
    const plain = await this.#sink.open(plainFolder, serverUrl);
    const killed = await this.#sink.open(killedFolder, serverUrl);
    try {
      const expected = this.#faultFree(plainFolder, plain);
      // Heard again where it is awaited.
      expected.catch(() => undefined);
      await this.#killAll({ ...this.#job, folder: killedFolder, place: killed.place }, killed);
      const outputs = await Promise.all([expected, killed.read()]);
      const sizeAfter = await killed.size();
      const deaths = this.#deaths.map(({ sizeBefore, ...death }) => ({ ...death, amidOutput: sizeBefore > 0 && sizeBefore < sizeAfter }));
      return { spec: this.#spec, ...compareOutputs(...outputs), deaths, visits: this.#visits(), rows: [...outputs[0].values()].reduce((sum, count) => sum + count, 0) };
    } finally {
      for (const victim of [...this.#all, this.#spare]) victim.signal("SIGKILL");
      for (const target of [plain, killed]) await target.close();
    }
  }

  /** What a run gives that nothing happens to. */
  async #faultFree(folder: string, target: Target): Promise<Output> {
    await this.#finishes(this.#begin({ ...this.#job, folder, place: target.place }));
    return await target.read();
  }

  async #killAll(job: Job, target: Target): Promise<void> {
    this.#job = job;
    let victim = this.#next(0);
    for (const [at, kill] of this.#kills.entries()) {
      if (at === 1 || (at === 0 && !this.#random.chance(beforeOutput))) await hasOutput(victim, target);
      if (at <= 1) aimAt(victim, kill);
      const successor = await within(killPatienceMs, this.#killOne(victim, kill, { at, target }));
      if (successor === undefined) throw new Error(`kill ${at + 1}, ${JSON.stringify(kill)}, is not over after ${killPatienceMs} ms\n${this.#state()}`);
      victim = successor;
    }
    await this.#finishes(victim);
  }

  /** Kills a process as planned. Answers its successor. */
  async #killOne(victim: Victim, kill: Kill, { at, target }: { readonly at: number; readonly target: Target }): Promise<Victim> {
    const isAlone = kill.how === "alone";
    let successor: Victim | undefined;
    if (!isAlone) {
      await victim.underWay();
      this.#machine = 1 - this.#machine;
      successor = this.#next(at + 1);
    }
    await this.#comes(victim, kill);
    const struck = victim.isStruck;
    victim.signal(kill.how === "frozen" ? "SIGSTOP" : "SIGKILL");
    const sizeBefore = await target.size();
    const death = { phase: phaseAt(victim.lastPoint), point: victim.lastPoint, aimed: struck && isAimed(kill), how: kill.how, sizeBefore };
    if (successor !== undefined && kill.how === "frozen") await this.#wakes(victim, successor, kill);
    await this.#dies(victim, death);
    return successor ?? this.#next(at + 1);
  }

  /** Resolves when the moment of a kill has come, or is waited for in vain. */
  async #comes(victim: Victim, { moment }: Kill): Promise<void> {
    if (moment.at === "time" && moment.since === "begin") return await pause(moment.ms);
    await victim.underWay();
    if (moment.at === "time") await pause(moment.ms);
    else await within(patienceMs, victim.struck());
  }

  /**
   * A frozen process sleeps on until its successor is at work, and is awake beside it for a while. Stopped in a transaction of a database that
   * both use it bars the way: then it wakes up all the same.
   */
  async #wakes(victim: Victim, successor: Victim, { asleepMs, awakeMs }: Kill): Promise<void> {
    await within(barredMs, successor.underWay());
    await pause(asleepMs);
    victim.signal("SIGCONT");
    await pause(awakeMs);
  }

  async #dies(victim: Victim, death: Omit<Death, "amidOutput"> & { readonly sizeBefore: number }): Promise<void> {
    victim.signal("SIGKILL");
    const { code, signal } = await victim.ended;
    if (signal !== "SIGKILL") throw new Error(`a process ended with ${code ?? signal} before it was killed\n${victim.errorText}`);
    this.#deaths.push(death);
    this.#onDeath();
  }

  async #finishes(victim: Victim): Promise<void> {
    const end = await within(endPatienceMs, victim.ended);
    if (end === undefined) throw new Error(`a process that nobody kills does not come to its end; last at ${victim.lastPoint}\n${victim.errorText}`);
    if (end.code !== 0) throw new Error(`a process that nobody killed ended with ${end.code ?? end.signal}\n${victim.errorText}`);
  }

  /** Begins the process of a kill; the one behind the last kill runs to the end, as fast as it can. */
  #next(at: number): Victim {
    const kill = this.#kills[at];
    const job = { ...this.#job, machine: String(this.#machine), life: this.#random.integer(1 << 16), ...(kill === undefined ? {} : { pace, checkpointMs }) };
    const victim = this.#begin(job);
    if (kill !== undefined && at > 1) aimAt(victim, kill);
    return victim;
  }

  #begin(job: Job): Victim {
    const victim = this.#spare;
    this.#all.push(victim);
    victim.begin(job);
    this.#spare = this.#boot();
    return victim;
  }

  /** What the last processes do, for people. */
  #state(): string {
    return this.#all.slice(-3).map((victim) => `${victim.hasEnded ? "ended" : victim.isRunning ? "running" : "starting"}, last at ${victim.lastPoint}\n${victim.errorText}`).join("\n");
  }

  #boot(): Victim {
    return new Victim(this.#program);
  }

  #visits(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { visits } of this.#all) for (const [point, count] of visits) sums.set(point, (sums.get(point) ?? 0) + count);
    return sums;
  }
}

async function hasOutput(victim: Victim, target: Target): Promise<void> {
  while (!victim.hasEnded && (await target.size()) === 0) await pause(5);
}

function aimAt(victim: Victim, { moment, how }: Kill): void {
  if (moment.at === "time") return;
  const { point, visit, exactly } = moment;
  victim.aim({ point, visit, signal: exactly ? (how === "frozen" ? "SIGSTOP" : "SIGKILL") : undefined });
}

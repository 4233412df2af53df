// A round in which two processes share the partitions of one pipeline: partitions move between them all the while, and either is killed.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { seededRandom, type SeededRandom } from "@streamflow/core/testing";
import { sinkPoints } from "../crash-points.ts";
import { compareOutputs } from "./compare.ts";
import type { Job } from "./job.ts";
import { drawKills, isAimed, type Kill } from "./kill-plan.ts";
import { phaseAt } from "./phases.ts";
import type { Death, RoundResult, RoundSpec } from "./round.ts";
import { partitionsOf } from "./rows.ts";
import type { Output, Target } from "./sinks/chaos-sink.ts";
import { chaosSinks } from "./sinks/index.ts";
import { type Program, Victim, within } from "./victim.ts";

const partitions = 4;
/** Rows of a partition in a millisecond. */
const pace = 1;
const longestLifeMs = 1_500;
const leaseMs = 250;
const checkpointMs = 12;
const patienceMs = 400;
/** A move that a dying process holds up is given up after so long. */
const moveMs = 1_500;
const killPatienceMs = 30_000;
const endPatienceMs = 120_000;

/** A process and what the group has given it. */
interface Member {
  readonly victim: Victim;
  readonly machine: string;
  readonly owned: Set<string>;
}

/** Runs such a round. @throws where a process ends in another way than it was made to */
export async function runMovingRound(spec: RoundSpec, program: Program, onDeath: () => void): Promise<RoundResult> {
  return await new MovingRound(spec, program, onDeath).run();
}

class MovingRound {
  readonly #spec: RoundSpec;
  readonly #program: Program;
  readonly #onDeath: () => void;
  readonly #random: SeededRandom;
  readonly #job: Job;
  readonly #all: Victim[] = [];
  readonly #deaths: (Omit<Death, "amidOutput"> & { readonly sizeBefore: number })[] = [];
  #members: Member[] = [];

  constructor(spec: RoundSpec, program: Program, onDeath: () => void) {
    const { sink, store, storeUrl, seed, kills } = spec;
    this.#spec = spec;
    this.#program = program;
    this.#onDeath = onDeath;
    this.#random = seededRandom(spec.seed);
    const mode = this.#random.chance() ? "sync" : "async";
    const count = Math.ceil((kills + 1) * longestLifeMs * pace);
    this.#job = { sink, store, storeUrl, folder: "", place: "", machine: "0", rows: { seed, isLocal: true, partitions }, count, life: 0, mode, checkpointMs: 200, leaseMs };
  }

  async run(): Promise<RoundResult> {
    const { folder, serverUrl, sink: name, kills } = this.#spec;
    const sink = chaosSinks[name];
    if (sink === undefined) throw new Error(`no sink "${name}"`);
    const [plainFolder, killedFolder] = [join(folder, "expected"), join(folder, "killed")];
    for (const made of [plainFolder, killedFolder]) await mkdir(made, { recursive: true });
    const [plain, killed] = [await sink.open(plainFolder, serverUrl), await sink.open(killedFolder, serverUrl)];
    try {
      const expected = await this.#faultFree(plainFolder, plain);
      await this.#killAll({ ...this.#job, folder: killedFolder, place: killed.place }, { target: killed, kills: drawKills(kills, this.#random, sinkPoints[name] ?? []) });
      const [found, sizeAfter] = [await killed.read(), await killed.size()];
      const deaths = this.#deaths.map(({ sizeBefore, ...death }) => ({ ...death, amidOutput: sizeBefore > 0 && sizeBefore < sizeAfter }));
      return { spec: this.#spec, ...compareOutputs(expected, found), deaths, visits: this.#visits(), rows: [...expected.values()].reduce((sum, count) => sum + count, 0) };
    } finally {
      for (const victim of this.#all) victim.signal("SIGKILL");
      for (const target of [plain, killed]) await target.close();
    }
  }

  async #faultFree(folder: string, target: Target): Promise<Output> {
    const member = this.#begin({ ...this.#job, folder, place: target.place }, partitionsOf(this.#job.rows));
    await this.#readAll([member]);
    return await target.read();
  }

  async #killAll(job: Job, { target, kills }: { readonly target: Target; readonly kills: readonly Kill[] }): Promise<void> {
    const paced: Job = { ...job, pace, checkpointMs };
    const all = partitionsOf(job.rows);
    this.#members = [this.#begin(paced, all.slice(0, partitions / 2)), this.#begin({ ...paced, machine: "1" }, all.slice(partitions / 2))];
    while ((await target.size()) === 0) await pause(5);
    for (const [at, kill] of kills.entries()) {
      const done = await within(killPatienceMs, this.#killOne(kill, paced, target).then(() => true));
      if (done === undefined) throw new Error(`kill ${at + 1}, ${JSON.stringify(kill)}, is not over after ${killPatienceMs} ms\n${this.#state()}`);
    }
    // What is left is read as fast as it goes, by two others.
    for (const { victim } of this.#members) victim.signal("SIGKILL");
    for (const { victim } of this.#members) await victim.ended;
    await this.#readAll([this.#begin(job, all.slice(0, 1)), this.#begin({ ...job, machine: "1" }, all.slice(1))]);
  }

  async #killOne(kill: Kill, job: Job, target: Target): Promise<void> {
    const [victim, other] = this.#random.shuffle(this.#members) as [Member, Member];
    await this.#move(other, victim);
    const sizeBefore = await this.#strike(victim, other, { kill, target });
    this.#deaths.push({ phase: phaseAt(victim.victim.lastPoint), point: victim.victim.lastPoint, aimed: isAimed(kill) && victim.victim.isStruck, how: kill.how === "frozen" ? "frozen" : "alone", sizeBefore });
    this.#onDeath();
    // A fresh one joins with nothing, and gets its share.
    const joined = this.#begin({ ...job, machine: victim.machine, life: this.#random.integer(1 << 16) }, []);
    this.#members = [other, joined];
    await joined.victim.running();
    await this.#move(other, joined);
    await this.#move(other, joined);
  }

  /** Kills one of the two; all that it had goes to the other. Answers how much output there was. */
  async #strike(member: Member, other: Member, { kill, target }: { readonly kill: Kill; readonly target: Target }): Promise<number> {
    const { victim } = member;
    const { moment, how } = kill;
    if (moment.at === "point") {
      victim.aim({ point: moment.point, visit: moment.visit, signal: moment.exactly ? (how === "frozen" ? "SIGSTOP" : "SIGKILL") : undefined });
      await within(patienceMs, victim.struck());
    } else await pause(moment.ms);
    victim.signal(how === "frozen" ? "SIGSTOP" : "SIGKILL");
    const sizeBefore = await target.size();
    const given = Promise.all([...member.owned].map((partition) => this.#give(partition, other)));
    if (how === "frozen") {
      await within(moveMs, given);
      victim.signal("SIGCONT");
      await pause(kill.awakeMs);
      victim.signal("SIGKILL");
    }
    const end = await victim.ended;
    if (end.signal !== "SIGKILL") throw new Error(`a process ended with ${end.code ?? end.signal} before it was killed\n${victim.errorText}`);
    await given;
    return sizeBefore;
  }

  /** Moves a partition from one to the other, as far as there is one; either may die meanwhile. */
  async #move(from: Member, to: Member): Promise<void> {
    const partition = [...from.owned][this.#random.integer(Math.max(1, from.owned.size))];
    if (partition === undefined) return;
    from.owned.delete(partition);
    await from.victim.does({ revoke: partition }, `revoked ${partition}`);
    await this.#give(partition, to);
  }

  async #give(partition: string, to: Member): Promise<void> {
    to.owned.add(partition);
    await to.victim.does({ assign: partition }, `assigned ${partition}`);
  }

  /** Resolves when all that these processes have is read and committed, and they have ended. */
  async #readAll(members: readonly Member[]): Promise<void> {
    const isRead = ({ victim, owned }: Member): boolean => victim.hasEnded || [...owned].every((partition) => victim.heard(`read ${partition}`) > 0);
    const startMs = performance.now();
    while (!members.every(isRead)) {
      if (performance.now() - startMs > endPatienceMs) throw new Error(`processes that nobody kills do not come to their end; last at ${members.map(({ victim }) => `${victim.lastPoint}\n${victim.errorText}`).join("\n")}`);
      await pause(10);
    }
    for (const { victim } of members) void victim.does({ stop: true }, "finished");
    for (const { victim } of members) {
      const end = await victim.ended;
      if (end.code !== 0) throw new Error(`a process that nobody killed ended with ${end.code ?? end.signal}\n${victim.errorText}`);
    }
  }

  #begin(job: Job, group: readonly string[]): Member {
    const victim = new Victim(this.#program);
    this.#all.push(victim);
    victim.begin({ ...job, group });
    return { victim, machine: job.machine, owned: new Set(group) };
  }

  /** What the last processes do, for people. */
  #state(): string {
    return this.#all.slice(-3).map((victim) => `${victim.hasEnded ? "ended" : victim.isRunning ? "running" : "starting"}, last at ${victim.lastPoint}\n${victim.errorText}`).join("\n");
  }

  #visits(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { visits } of this.#all) for (const [point, count] of visits) sums.set(point, (sums.get(point) ?? 0) + count);
    return sums;
  }
}

// A round over a consumer group: processes share the partitions of a topic; they are killed, frozen past their session, joined by others, and the broker is
// killed under them. The group itself moves the partitions.
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { seededRandom, type SeededRandom } from "@streamflow/core/testing";
import type { KafkaServer } from "../testbed/index.ts";
import { sinkPoints } from "../crash-points.ts";
import { compareOutputs } from "./compare.ts";
import type { Job } from "./job.ts";
import { sessionMs } from "./kafka-source.ts";
import { KafkaTopic } from "./kafka-topic.ts";
import { drawKills, isAimed, type Kill } from "./kill-plan.ts";
import { phaseAt } from "./phases.ts";
import type { Death, RoundResult, RoundSpec } from "./round.ts";
import type { RowsSpec } from "./rows.ts";
import type { Output, Target } from "./sinks/chaos-sink.ts";
import { chaosSinks } from "./sinks/index.ts";
import { type Program, Victim, within } from "./victim.ts";

/** What happens in a round besides kills of processes. */
export interface KafkaRoundSpec extends RoundSpec {
  readonly broker: KafkaServer;
  readonly driver: "platformatic" | "kafkajs";
  readonly brokerKills: number;
  readonly rebalances: number;
  readonly zombies: number;
}

type Blow = "kill" | "broker" | "rebalance" | "zombie";

const partitions = 4;
const members = 2;
/** Rows of a partition in a millisecond. */
const pace = 0.5;
const leaseMs = 250;
const checkpointMs = 25;
/** A point that was not reached after so long is not waited for any more. */
const patienceMs = 600;
/** What was taken from somebody is with somebody else, and there is output again, after so long; or something hangs. */
const outputPatienceMs = 60_000;
const endPatienceMs = 120_000;

/** Runs such a round. @throws where a process ends in another way than it was made to, or nothing moves any more */
export async function runKafkaRound(spec: KafkaRoundSpec, program: Program, onBlow: () => void): Promise<RoundResult> {
  return await new KafkaRound(spec, program, onBlow).run();
}

class KafkaRound {
  readonly #spec: KafkaRoundSpec;
  readonly #program: Program;
  readonly #onBlow: () => void;
  readonly #random: SeededRandom;
  readonly #topic: KafkaTopic;
  readonly #job: Job;
  readonly #all: Victim[] = [];
  readonly #deaths: (Omit<Death, "amidOutput"> & { readonly sizeBefore: number })[] = [];
  #members: Victim[] = [];
  #machines = 0;

  constructor(spec: KafkaRoundSpec, program: Program, onBlow: () => void) {
    const { sink, store, storeUrl, seed, broker, driver } = spec;
    this.#spec = spec;
    this.#program = program;
    this.#onBlow = onBlow;
    this.#random = seededRandom(seed);
    const rows: RowsSpec = { seed, isLocal: true, partitions };
    this.#topic = new KafkaTopic(broker.bootstrap, `chaos-${seed}`, rows);
    const mode = this.#random.chance() ? "sync" : "async";
    const kafka = { bootstrap: broker.bootstrap, topic: this.#topic.name, group: "", driver };
    this.#job = { sink, store, storeUrl, folder: "", place: "", machine: "0", rows, count: 0, life: 0, mode, checkpointMs, leaseMs, kafka };
  }

  async run(): Promise<RoundResult> {
    const { folder, serverUrl, sink: name } = this.#spec;
    const sink = chaosSinks[name];
    if (sink === undefined) throw new Error(`no sink "${name}"`);
    const [plainFolder, killedFolder] = [join(folder, "expected"), join(folder, "killed")];
    for (const made of [plainFolder, killedFolder]) await mkdir(made, { recursive: true });
    const [plain, killed] = [await sink.open(plainFolder, serverUrl), await sink.open(killedFolder, serverUrl)];
    try {
      await this.#topic.make();
      this.#topic.fill(pace);
      const ends = await this.#strikeAll(this.#jobIn(killedFolder, killed.place, "killed"), killed);
      const [found, sizeAfter] = [await killed.read(), await killed.size()];
      const expected = await this.#faultFree(this.#jobIn(plainFolder, plain.place, "expected"), plain, ends);
      const deaths = this.#deaths.map(({ sizeBefore, ...death }) => ({ ...death, amidOutput: sizeBefore > 0 && sizeBefore < sizeAfter }));
      return { spec: this.#spec, ...compareOutputs(expected, found), deaths, visits: this.#visits(), rows: [...expected.values()].reduce((sum, count) => sum + count, 0), others: this.#others() };
    } finally {
      for (const victim of this.#all) victim.signal("SIGKILL");
      for (const target of [plain, killed]) await target.close();
      await this.#topic.end().catch(() => undefined);
    }
  }

  #jobIn(folder: string, place: string, name: string): Job {
    return { ...this.#job, folder, place, ...(this.#job.kafka === undefined ? {} : { kafka: { ...this.#job.kafka, group: `${this.#topic.name}-${name}` } }) };
  }

  async #faultFree(job: Job, target: Target, ends: ReadonlyMap<string, number>): Promise<Output> {
    this.#members = [this.#begin(job)];
    await this.#readToEnd(ends);
    return await target.read();
  }

  /** Answers where the partitions end. */
  async #strikeAll(job: Job, target: Target): Promise<ReadonlyMap<string, number>> {
    const { kills, brokerKills, rebalances, zombies } = this.#spec;
    this.#members = Array.from({ length: members }, () => this.#begin(job));
    await this.#hasMore(target, 0, "there is no output");
    const blows = this.#random.shuffle([...many("kill", kills), ...many("broker", brokerKills), ...many("rebalance", rebalances), ...many("zombie", zombies)]);
    const plans = drawKills(kills, this.#random, sinkPoints[this.#spec.sink] ?? []);
    for (const blow of blows) {
      const before = await target.size();
      await this.#strike(blow, { job, target, plan: blow === "kill" ? plans[this.#deaths.length] : undefined });
      this.#onBlow();
      await this.#hasMore(target, before, `there is no output after a blow (${blow})`);
    }
    const ends = await this.#topic.end();
    await this.#readToEnd(ends);
    return ends;
  }

  async #strike(blow: Blow, { job, target, plan }: { readonly job: Job; readonly target: Target; readonly plan: Kill | undefined }): Promise<void> {
    const at = this.#random.integer(this.#members.length);
    const victim = this.#members[at]!;
    if (plan !== undefined) {
      await this.#kill(victim, plan, target);
      this.#members[at] = this.#begin(job);
    } else if (blow === "broker") await this.#spec.broker.restart();
    else if (blow === "zombie") await this.#freeze(victim);
    else await this.#visit(job);
  }

  async #kill(victim: Victim, kill: Kill, target: Target): Promise<void> {
    const { moment } = kill;
    if (moment.at === "point") {
      victim.aim({ point: moment.point, visit: moment.visit, signal: moment.exactly ? "SIGKILL" : undefined });
      await within(patienceMs, victim.struck());
    } else await pause(moment.ms);
    const struck = victim.isStruck;
    victim.signal("SIGKILL");
    const sizeBefore = await target.size();
    await this.#died(victim);
    this.#deaths.push({ phase: phaseAt(victim.lastPoint), point: victim.lastPoint, aimed: isAimed(kill) && struck, how: "alone", sizeBefore });
  }

  /** Stopped until the group has given all that it had to others. It wakes up believing that nothing has happened, and lives on. */
  async #freeze(victim: Victim): Promise<void> {
    victim.signal("SIGSTOP");
    await pause(sessionMs + 500 + this.#random.integer(500));
    victim.signal("SIGCONT");
  }

  /** One process more, for a while. */
  async #visit(job: Job): Promise<void> {
    const visitor = this.#begin(job);
    await visitor.running();
    await pause(300 + this.#random.integer(300));
    visitor.does({ stop: true }, "finished").catch(() => undefined);
    await this.#ended(visitor);
  }

  async #died(victim: Victim): Promise<void> {
    const { code, signal } = await victim.ended;
    if (signal !== "SIGKILL") throw new Error(`a process ended with ${code ?? signal} before it was killed\n${victim.errorText}`);
  }

  async #ended(victim: Victim): Promise<void> {
    const end = await within(endPatienceMs, victim.ended);
    if (end?.code !== 0) throw new Error(`a process that was told to stop ended with ${end === undefined ? "nothing" : (end.code ?? end.signal)}\n${this.#state()}`);
  }

  /** Output goes on. */
  async #hasMore(target: Target, than: number, otherwise: string): Promise<void> {
    const startMs = performance.now();
    while ((await target.size()) <= than) {
      const dead = this.#members.find(({ hasEnded }) => hasEnded);
      if (dead !== undefined || performance.now() - startMs > outputPatienceMs) throw new Error(`${dead === undefined ? otherwise : "a process ended that nobody killed"}\n${this.#state()}`);
      await pause(10);
    }
  }

  /** Resolves when everything up to these offsets is committed, and all have ended. */
  async #readToEnd(ends: ReadonlyMap<string, number>): Promise<void> {
    const startMs = performance.now();
    const isRead = (): boolean => [...ends].every(([partition, end]) => end === 0 || this.#members.some(({ positions }) => (positions.get(partition) ?? 0) >= end));
    while (!isRead()) {
      if (performance.now() - startMs > endPatienceMs || this.#members.some(({ hasEnded }) => hasEnded)) throw new Error(`what is left is not read to its end\n${this.#state()}`);
      await pause(10);
    }
    for (const victim of this.#members) victim.does({ stop: true }, "finished").catch(() => undefined);
    for (const victim of this.#members) await this.#ended(victim);
  }

  #begin(job: Job): Victim {
    const victim = new Victim(this.#program);
    this.#all.push(victim);
    victim.begin({ ...job, machine: String(++this.#machines), life: this.#random.integer(1 << 16) });
    return victim;
  }

  /** What the last processes do, for people. */
  #state(): string {
    return this.#all.slice(-4).map((victim) => `${victim.hasEnded ? "ended" : victim.isRunning ? "running" : "starting"}, last at ${victim.lastPoint}, positions ${JSON.stringify([...victim.positions])}\n${victim.errorText}`).join("\n");
  }

  #others(): Readonly<Record<string, number>> {
    const { brokerKills, rebalances, zombies } = this.#spec;
    return { "broker-kills": brokerKills, rebalances, zombies };
  }

  #visits(): ReadonlyMap<string, number> {
    const sums = new Map<string, number>();
    for (const { visits } of this.#all) for (const [point, count] of visits) sums.set(point, (sums.get(point) ?? 0) + count);
    return sums;
  }
}

function many(blow: Blow, count: number): readonly Blow[] {
  return Array.from({ length: count }, () => blow);
}

// `pnpm chaos`: the promise of exactly-once, held to by kill -9. What it may be told: arguments.ts.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "@streamflow/core/testing";
import { type ChaosArguments, help, readArguments } from "./arguments.ts";
import { bundleProgram } from "./bundle-program.ts";
import { progressOf } from "./progress.ts";
import { reportOf, reportText } from "./report.ts";
import { chaosSinks } from "./sinks/index.ts";
import { type KafkaServer, type Server, services } from "../testbed/index.ts";
import { runKafkaRound } from "./kafka-round.ts";
import { sessionMs } from "./kafka-source.ts";
import { runMovingRound } from "./moving-round.ts";
import type { StoreName } from "./job.ts";
import { chaosStores } from "./stores.ts";
import type { Program } from "./victim.ts";
import { type RoundResult, type RoundSpec, runRound } from "./round.ts";

/** Kills of a round: what sinks and stores keep of each life adds up. */
const killsOfRound = 50;
/** A dead member is out of its group soon. */
const quickGroups = { "group.consumer.session.timeout.ms": String(sessionMs), "group.consumer.heartbeat.interval.ms": "200" };

const args = readArguments(process.argv.slice(2), Date.now);
if (args === undefined) console.log(help);
else process.exitCode = await chaos(args);

async function chaos(asked: ChaosArguments): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "streamflow-chaos-"));
  const progress = progressOf(asked.kills);
  console.error(`seed ${asked.seed}, folder ${folder}`);
  const program = await bundleProgram(folder);
  const servers = await startServers(asked);
  const startMs = performance.now();
  const rounds: RoundResult[] = [];
  const specs = roundsOf(asked, { folder, servers });
  for (const spec of specs) {
    const round = await runOne(spec, program, { asked, servers, progress }).catch((error: unknown) => failed(spec, error));
    if (round === undefined) break;
    rounds.push(round);
    if (round.lost + round.doubled + round.differing === 0) await rm(spec.folder, { recursive: true });
    else break;
  }
  for (const server of servers.values()) await server.stop();
  if (rounds.length === 0) return 1;
  const report = reportOf(rounds, { seed: asked.seed, planned: specs.length, seconds: (performance.now() - startMs) / 1000 });
  console.log(asked.json ? JSON.stringify(report) : reportText(report));
  if (report.problems.length === 0) await rm(folder, { recursive: true });
  return report.problems.length === 0 ? 0 : 1;
}

interface Running {
  readonly asked: ChaosArguments;
  readonly servers: ReadonlyMap<string, Server>;
  readonly progress: () => void;
}

async function runOne(spec: RoundSpec, program: Program, { asked: { kafka, moving, kills }, servers, progress }: Running): Promise<RoundResult> {
  if (kafka === undefined) return await (moving ? runMovingRound : runRound)(spec, program, progress);
  const share = (count: number): number => Math.round((count * spec.kills) / kills);
  const broker = servers.get("kafka") as KafkaServer;
  return await runKafkaRound({ ...spec, broker, driver: kafka.driver, brokerKills: share(kafka.brokerKills), rebalances: share(kafka.rebalances), zombies: share(kafka.zombies) }, program, progress);
}

/** Sinks and stores by turns, each round with a seed of its own. */
function roundsOf({ kills, seed, sinks, stores }: ChaosArguments, { folder, servers }: { readonly folder: string; readonly servers: ReadonlyMap<string, Server> }): readonly RoundSpec[] {
  const random = seededRandom(seed);
  const urlOf = (name: string | undefined): string => (name === undefined ? "" : (servers.get(name)?.url ?? ""));
  const storeOf = (at: number): StoreName => stores[((at % sinks.length) + Math.floor(at / sinks.length)) % stores.length] ?? "files";
  const count = Math.max(sinks.length, Math.ceil(kills / killsOfRound));
  return Array.from({ length: count }, (_, at) => ({
    seed: random.integer(2 ** 31),
    sink: sinks[at % sinks.length] ?? "",
    store: storeOf(at),
    kills: Math.floor(((at + 1) * kills) / count) - Math.floor((at * kills) / count),
    folder: join(folder, `round-${at + 1}`),
    serverUrl: urlOf(chaosSinks[sinks[at % sinks.length] ?? ""]?.server),
    storeUrl: urlOf(chaosStores[storeOf(at)].server),
  }));
}

/** The servers of the test bed that are needed, by name. */
async function startServers({ sinks, stores, kafka }: ChaosArguments): Promise<ReadonlyMap<string, Server>> {
  const needed = new Set<string | undefined>([...(kafka === undefined ? [] : ["kafka"]), ...sinks.map((sink) => chaosSinks[sink]?.server), ...stores.map((store) => chaosStores[store].server)]);
  const servers = new Map<string, Server>();
  for (const service of services) if (needed.has(service.name)) servers.set(service.name, await service.start(service.name === "kafka" ? { settings: quickGroups } : {}));
  return servers;
}

function failed({ seed, sink, store, folder }: RoundSpec, error: unknown): undefined {
  console.error(`\nround with seed ${seed}, sink ${sink}, checkpoint store ${store}, in ${folder}: ${error instanceof Error ? error.message : String(error)}`);
}

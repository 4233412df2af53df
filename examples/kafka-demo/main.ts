// npm run demo:kafka: a real broker, one consumer group of two processes, one of them killed, and a proof. Start here.
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { kafka } from "@streamflow/e2e/testbed";
import { airportsFile, parseAirports } from "../demo/airports.ts";
import { compareHours, isExact, proofLine } from "../demo/compare.ts";
import { flightsFile, readFlights } from "../demo/flights.ts";
import { cacheFolder, prepare } from "../demo/prepare.ts";
import { ProgressLine } from "../demo/progress-line.ts";
import { openResults } from "../demo/result-tables.ts";
import { grouped, terminalOf, tint } from "../demo/terminal.ts";
import type { HoursOptions } from "./pipelines.ts";
import { DemoProcess } from "./processes.ts";
import { recountPartitions } from "./recount-partitions.ts";
import { closingFlights, partitions, TopicAdmin } from "./topic.ts";
import { worstAirports } from "./worst-airports.ts";

const terminal = terminalOf(process.stdout, process.env);
const topic = "flights";
const group = "hours";
/** A process is killed when this part of the flights is committed. */
const killAt = 0.4;

try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (error) {
  say(`\n${tint("The demo failed.", "red", terminal)} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Answers whether the result is exact. */
async function demo(): Promise<boolean> {
  say(`${tint("StreamFlow over Kafka", "bold", terminal)}
Three million real flights go into a topic of ${partitions} partitions, by destination. Two processes of one consumer group count
the delays of each hour in event time, exactly once, into SQLite. One of them is killed with kill -9, and another takes its
place. At the end plain code counts everything again from the raw file: nothing may be lost, nothing doubled.
`);
  const prepared = await prepare({});
  const folder = new URL("kafka/", cacheFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await kafka.install();
  const broker = await kafka.start();
  say(`Started     a broker of Kafka on ${broker.bootstrap}`);
  try {
    await using admin = await TopicAdmin.make(broker.bootstrap, topic);
    await fillTopic({ broker: broker.bootstrap, flights: prepared.flights, folder, admin });
    const results = new URL("results.db", folder);
    const options: HoursOptions = { broker: broker.bootstrap, topic, group, airports: fileURLToPath(prepared.airports), results: fileURLToPath(results) };
    const isKilled = await runGroup(options, { folder, admin });
    return await prove(results, isKilled);
  } finally {
    await broker.stop();
  }
}

interface Filling {
  readonly broker: string;
  readonly flights: URL;
  readonly folder: URL;
  readonly admin: TopicAdmin;
}

async function fillTopic({ broker, flights, folder, admin }: Filling): Promise<void> {
  const closing = new URL("closing.ndjson", folder);
  await writeFile(closing, closingFlights(Date.UTC(2002, 0, 1)));
  const startMs = performance.now();
  const filling = new DemoProcess("fill", { broker, topic, flights: fileURLToPath(flights), closing: fileURLToPath(closing) }, new URL("fill/", folder));
  await filling.succeeds();
  const records = await admin.records();
  say(`Filled      the topic with ${grouped(records)} records in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

/** Runs the group to the end of the topic, with a kill on the way. Answers whether the kill has struck. */
async function runGroup(options: HoursOptions, { folder, admin }: Pick<Filling, "folder" | "admin">): Promise<boolean> {
  const begin = (): DemoProcess => new DemoProcess("hours", options, new URL("data/", folder));
  const progress = new ProgressLine({ title: "Running".padEnd(11), terminal, write: (text) => process.stdout.write(text) });
  const startMs = performance.now();
  const processes = [begin(), begin()];
  let isKilled = false;
  for (;;) {
    const { committed, end } = await admin.position(group);
    progress.update(committed / end, `${grouped(committed)} committed`);
    if (committed >= end) break;
    if (!isKilled && committed >= killAt * end) {
      const [victim] = processes;
      isKilled = (await victim?.kill()) === true;
      progress.say(tint(`kill -9     process ${victim?.pid} at ${Math.floor((100 * committed) / end)} %`, "red", terminal));
      processes[0] = begin();
    }
    const failed = processes.find(({ hasEnded }) => hasEnded);
    if (failed !== undefined) throw new Error(`a process ended that nobody killed\n${failed.errors}`);
    await pause(100);
  }
  for (const one of processes) await one.stop();
  progress.done(`Ran         two processes of group "${group}" in ${((performance.now() - startMs) / 1000).toFixed(1)} s, ${isKilled ? "one of them killed" : "none killed"}`);
  return isKilled;
}

async function prove(results: URL, isKilled: boolean): Promise<boolean> {
  const airports = parseAirports(await readFile(airportsFile, "utf8"));
  const expected = recountPartitions(await readFlights(flightsFile), new Map(airports.map(({ iata, state }) => [iata, state])));
  const database = openResults(results);
  const comparison = compareHours(database, expected);
  for (const example of comparison.examples) say(`            ${example}`);
  if (!isKilled) say("NOT proven: no kill hit a process before it had ended");
  say(worstAirports(database, { airports, terminal }));
  database.close();
  const exact = isExact(comparison) && isKilled;
  say(`\n${tint(proofLine(comparison), exact ? "green" : "red", terminal)}`);
  return exact;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

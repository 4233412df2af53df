// npm run demo: real data, real kills, and a proof. Start here; each step is a file of its own.
import { mkdir, readFile, rm } from "node:fs/promises";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { airportsFile, parseAirports } from "./airports.ts";
import { isExact, proofLine } from "./compare.ts";
import { flightsFile } from "./flights.ts";
import type { KillReport } from "./kill.ts";
import { cacheFolder, prepare, type Prepared } from "./prepare.ts";
import { present } from "./present.ts";
import { ProgressLine } from "./progress-line.ts";
import { RecountThread } from "./recount-thread.ts";
import { openResults } from "./result-tables.ts";
import { runPipeline, type RunFiles } from "./run-pipeline.ts";
import { grouped, terminalOf, tint } from "./terminal.ts";

const kills = 3;
/** How many of the 3,000,000 flights land how far behind the newest: anything else is other data. */
const knownDisorder = { overOneHour: 393_205, overFourHours: 31_926 };

const terminal = terminalOf(process.stdout, process.env);
const controller = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort(new Error(`stopped by ${name}`)));

try {
  process.exitCode = (await demo()) ? 0 : 1;
} catch (error) {
  say(`\n${tint("The demo failed.", "red", terminal)} ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}

/** Answers whether the result is exact. */
async function demo(): Promise<boolean> {
  say(introduction());
  const prepared = await prepareInput();
  await using thread = new RecountThread({ flights: flightsFile.href, airports: airportsFile.href });
  const files = await emptyResults(prepared);
  const report = await runWithProgress(prepared, files);
  const isProven = report.kills.length === kills;
  if (!isProven) say(`NOT proven: only ${report.kills.length} of ${kills} kills hit the process before it had ended`);

  say(`Counted     ${grouped(await thread.counted)} windows, from the raw file, by plain code`);
  const comparison = await thread.compare(files.results);
  for (const example of comparison.examples) say(`            ${example}`);
  say(`Compared    every row of four tables; ${grouped(comparison.lateForDay)} flights came too late for their day`);

  const results = openResults(files.results);
  say(present({ results, airports: parseAirports(await readFile(airportsFile, "utf8")), terminal }));
  results.close();
  const exact = isExact(comparison) && isProven;
  say(`\n${tint(proofLine(comparison), exact ? "green" : "red", terminal)}\n`);
  say(furtherReading(files));
  return exact;
}

function introduction(): string {
  return `${tint("StreamFlow demo", "bold", terminal)}
Three million real flights come in the order they landed, so their scheduled times are out of order. One pipeline
joins them with a table of airports, computes hourly delays (count, mean, p95) and each day's ten worst airports
in event time, and writes to SQLite. Its process is killed ${kills} times with kill -9, and each time starts again by
itself where the last checkpoint stands. Meanwhile plain code counts everything again from the raw file. At the end
every row is compared: nothing may be lost, nothing doubled.
`;
}

async function prepareInput(): Promise<Prepared> {
  const progress = progressOf("Preparing");
  progress.update(0, "the flights, in landing order (only the first time)");
  const prepared = await prepare({ onProgress: (fraction) => progress.update(fraction) });
  const { records, disorder } = prepared;
  if (disorder.overOneHour !== knownDisorder.overOneHour || disorder.overFourHours !== knownDisorder.overFourHours) {
    throw new Error(`the flights are not those that this demo knows: ${JSON.stringify(disorder)}, expected ${JSON.stringify(knownDisorder)}`);
  }
  const behind = `${grouped(disorder.overOneHour)} land over an hour behind, ${grouped(disorder.overFourHours)} over four`;
  progress.done(`Prepared    ${grouped(records)} flights, ${Math.round(prepared.bytes / 1e6)} MB; ${behind}`);
  return prepared;
}

/** A fresh folder: nothing of an earlier demo may help this one. */
async function emptyResults({ flights, airports }: Prepared): Promise<RunFiles> {
  const folder = new URL("run/", cacheFolder);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  return { flights, airports, results: new URL("results.db", folder), dataFolder: new URL("data/", folder) };
}

async function runWithProgress({ records }: Prepared, files: RunFiles): Promise<KillReport> {
  const progress = progressOf("Running");
  const report = await runPipeline(files, {
    kills,
    signal: controller.signal,
    onProgress: ({ fraction, rate, watermarkMs, kills: died }) => {
      const watermark = watermarkMs === undefined ? "" : `  watermark ${new Date(watermarkMs).toISOString().slice(0, 10)}`;
      progress.update(fraction, `${grouped(Math.round(rate / 1000))} k/s${watermark}  kills ${died}`);
    },
    onKill: ({ pid, progress: at }) => progress.say(tint(`kill -9     process ${pid} at ${Math.floor(at * 100)} %`, "red", terminal)),
  });
  const seconds = report.durationMs / 1000;
  progress.done(`Ran         ${grouped(records)} flights in ${seconds.toFixed(1)} s, in ${report.runs} processes, ${report.kills.length} of them killed`);
  return report;
}

function furtherReading({ results, dataFolder }: RunFiles): string {
  const path = (url: URL): string => relative(process.cwd(), fileURLToPath(url));
  return `To look further:
  examples/demo/pipeline.ts and pipeline.yaml
      the pipeline, in code and in YAML
  npm run streamflow -- explain examples/demo/pipeline.yaml
      how it runs, and what each table is guaranteed, and why
  npm run streamflow -- inspect checkpoints flights --data ${path(dataFolder)}
      what the process resumed from
  ${path(results)}
      the tables: hourly, worst_airports, late_flights, late_for_day
  examples/README.md
      smaller examples, from ten lines on`;
}

function progressOf(title: string): ProgressLine {
  return new ProgressLine({ title: title.padEnd(11), terminal, write: (text) => process.stdout.write(text) });
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

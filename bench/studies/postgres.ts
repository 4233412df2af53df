// W8: what a sink to Postgres adds to the database's own work: NDJSON from a file into a table, exactly once, against the same rows by COPY alone from memory.
//   I1. Both tables hold the same rows, in every round, and the sink knows how far it is. Else the row is void.
import { statSync } from "node:fs";
import { postgres } from "@streamflow/e2e/testbed";
import { Client } from "pg";
import { bidsFile, keyedFile } from "../gen.ts";
import { median, type Usage } from "../measure.ts";
import type { Row } from "../report.ts";
import { runProgram, StudyFolder } from "./run-program.ts";
import { type Goal, type Study, type StudyOptions, studyRow } from "./study.ts";

type Mode = "append" | "upsert";

interface Measured {
  readonly usage: Usage;
  readonly elapsedMs: number;
}

interface Pair {
  readonly ours: Measured;
  readonly bare: Measured;
  readonly isSame: boolean;
}

/** A fifth of the rate may be lost. */
const mostTimes = 1.25;
/** 0.3 M rows a second. */
const mostMicroseconds = 1 / 0.3;

/** What is said of the tables of a round. */
const sameRows = `SELECT (SELECT count(*) FROM ours) = (SELECT count(*) FROM bare)
  AND NOT EXISTS (SELECT to_jsonb(ours) FROM ours EXCEPT ALL SELECT to_jsonb(bare) FROM bare) AND (SELECT max(epoch) > 0 FROM _streamflow_commits) AS same`;

/** A study of one way to write. */
export function postgresStudy(mode: Mode, summary: string, goals: readonly Goal[]): Study {
  const study: Study = { workload: "w8", variant: mode, summary, goals, measure: (options) => measurePostgres(study, mode, options) };
  return study;
}

/** In the order in which they are measured. */
export const postgresStudies: readonly Study[] = [
  postgresStudy("append", "bids from NDJSON into a table of Postgres, five columns, a checkpoint each second, against COPY of the same rows from memory", [{ measure: "timesBare", atMost: mostTimes }]),
  postgresStudy("upsert", "rows with a key each, in no order, a checkpoint each second, against COPY and INSERT … ON CONFLICT of the same rows from memory", [{ measure: "microsecondsPerRow", atMost: mostMicroseconds }]),
];

async function measurePostgres(study: Study, mode: Mode, { records, rounds, note }: StudyOptions): Promise<readonly Row[]> {
  const input = mode === "append" ? bidsFile({ records }) : keyedFile({ keys: records, records });
  using folder = new StudyFolder();
  const server = await postgres.start();
  try {
    const pairs: Pair[] = [];
    for (let round = 0; round < rounds; round++) pairs.push(await measurePair({ mode, url: server.url, input, folder, isOursFirst: round % 2 === 0 }));
    const different = pairs.filter(({ isSame }) => !isSame).length;
    if (different > 0) note(`w8/${mode}: the tables differ in ${different} rounds`);
    const seconds = median(pairs.map(({ ours }) => ours.elapsedMs)) / 1000;
    return [studyRow(study, {
      records,
      rounds,
      void: different > 0,
      recordsPerSecond: records / seconds,
      megabytesPerSecond: statSync(input).size / 1e6 / seconds,
      recordsPerCpuSecond: records / median(pairs.map(({ ours }) => ours.usage.cpuSeconds)),
      peakRssMiB: median(pairs.map(({ ours }) => ours.usage.rssBytes)) / 2 ** 20,
      measures: {
        timesBare: median(pairs.map(({ ours, bare }) => ours.elapsedMs / bare.elapsedMs)),
        microsecondsPerRow: (seconds * 1e6) / records,
        cpuMicrosecondsPerRow: (median(pairs.map(({ ours }) => ours.usage.cpuSeconds)) * 1e6) / records,
        bareMicrosecondsPerRow: (median(pairs.map(({ bare }) => bare.elapsedMs)) * 1000) / records,
      },
    })];
  } finally {
    await server.stop();
  }
}

interface PairOptions {
  readonly mode: Mode;
  readonly url: string;
  readonly input: string;
  readonly folder: StudyFolder;
  readonly isOursFirst: boolean;
}

async function measurePair({ mode, url, input, folder, isOursFirst }: PairOptions): Promise<Pair> {
  const run = async (program: string, given: readonly string[]): Promise<Measured> => {
    const { usage, report } = await runProgram<{ readonly elapsedMs: number }>({ program, arguments: given }, folder.path);
    return { usage, elapsedMs: report.elapsedMs };
  };
  const ours = (): Promise<Measured> => run("streamflow/postgres", [mode, url, input, folder.fresh("data")]);
  const bare = (): Promise<Measured> => run("node/postgres", [mode, url, input]);
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("DROP TABLE IF EXISTS ours, bare, _streamflow_commits; CHECKPOINT");
    const first = await (isOursFirst ? ours() : bare());
    await client.query("CHECKPOINT");
    const second = await (isOursFirst ? bare() : ours());
    const { rows } = await client.query<{ readonly same: boolean }>(sameRows);
    return { ...(isOursFirst ? { ours: first, bare: second } : { ours: second, bare: first }), isSame: rows[0]?.same === true };
  } finally {
    await client.end();
  }
}

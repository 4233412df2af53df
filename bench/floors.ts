// What StreamFlow must reach beside its peers, wherever `npm run verify` runs: records per CPU-second of whole processes, as a ratio, so that a slow
// or busy machine changes little.
//   node bench/floors.ts
import { whyNoMeasuring } from "./measure.ts";
import { type Row, textTable } from "./report.ts";
import { measureVariant } from "./suite.ts";
import { chosenSystems } from "./systems.ts";
import { usualDisorder, variantsOf } from "./workloads.ts";

/** A least ratio: 80 % of the median that was seen when it was written. */
export interface Floor {
  /** "w2/base" */
  readonly variant: string;
  readonly system: string;
  readonly peer: string;
  readonly ratio: number;
}

/** At {@link floorRecords} records, start-up included. */
export const floors: readonly Floor[] = [
  { variant: "w1/base", system: "streamflow", peer: "node", ratio: 1.6 },
  { variant: "w1/base", system: "streamflow", peer: "duckdb", ratio: 0.6 },
  { variant: "w2/base", system: "streamflow", peer: "node", ratio: 1.5 },
  { variant: "w2/base", system: "streamflow", peer: "duckdb", ratio: 0.55 },
];
const floorRecords = 2_000_000;
const floorRounds = 3;
/** A ratio below its floor is measured once more before it counts. */
const attempts = 2;

/** What is below its floor, or cannot be told, as lines. */
export function belowFloor(rows: readonly Row[], wanted: readonly Floor[] = floors): readonly string[] {
  return wanted.flatMap(({ variant, system, peer, ratio }) => {
    const find = (name: string): Row | undefined => rows.find((row) => `${row.workload}/${row.variant}` === variant && row.system === name && !row.void);
    const [mine, theirs] = [find(system), find(peer)];
    if (mine === undefined || theirs === undefined) return [`${variant}: ${mine === undefined ? system : peer} gave no figure that counts`];
    const seen = mine.recordsPerCpuSecond / theirs.recordsPerCpuSecond;
    return seen >= ratio ? [] : [`${variant}: ${system} does ${seen.toFixed(2)} times the records per CPU-second of ${peer}, at least ${ratio} are wanted`];
  });
}

async function main(): Promise<void> {
  let wanted = floors;
  for (let attempt = 1; attempt <= attempts && wanted.length > 0; attempt++) {
    const rows = await rowsFor(wanted);
    const problems = belowFloor(rows, wanted);
    process.stdout.write(problems.map((line) => `${line}\n`).join(""));
    wanted = wanted.filter((floor) => belowFloor(rows, [floor]).length > 0);
  }
  process.exitCode = wanted.length > 0 ? 1 : 0;
}

/** Measures the variants of some floors, with the systems that they name. */
async function rowsFor(wanted: readonly Floor[]): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const name of new Set(wanted.map(({ variant }) => variant))) {
    const [variant] = variantsOf(name);
    const named = wanted.filter((floor) => floor.variant === name).flatMap(({ system, peer }) => [system, peer]);
    const systems = chosenSystems(["node", "duckdb"]).filter((system) => named.includes(system.name));
    const note = (line: string): void => void process.stderr.write(`${line}\n`);
    const measured = await measureVariant(variant!, systems, { records: floorRecords, rounds: floorRounds, threads: 1, disorder: usualDisorder, steady: false, note });
    process.stdout.write(`\n${name}\n${textTable(measured)}`);
    rows.push(...measured);
  }
  return rows;
}

if (import.meta.main) {
  const whyNot = whyNoMeasuring();
  if (whyNot === undefined) await main();
  else process.stdout.write(`No floors here: ${whyNot}.\n`);
}

// Measures StreamFlow beside other systems: README.md.
//   pnpm bench setup PEER...
//   pnpm bench WORKLOAD... [--peers a,b] [--records N] [--rounds R] [--threads T] [--disorder D] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { whyNoMeasuring } from "./measure.ts";
import { measuresText, type Row, textTable } from "./report.ts";
import { setUp } from "./setup.ts";
import { studies, studiesOf } from "./studies/studies.ts";
import { type Study, studyRow } from "./studies/study.ts";
import { measureVariant, type SuiteOptions } from "./suite.ts";
import { chosenSystems } from "./systems.ts";
import { usualDisorder, type Variant, variants, variantsOf } from "./workloads.ts";

const usage = "usage: pnpm bench WORKLOAD... [--peers a,b] [--records N] [--rounds R] [--threads T] [--disorder D] [--json FILE]\n       pnpm bench setup PEER...\n";
const whyNot = whyNoMeasuring();

if (whyNot !== undefined) fail(whyNot);
else {
  try {
    await main();
  } catch (thrown) {
    fail(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { peers: { type: "string" }, records: { type: "string" }, rounds: { type: "string" }, threads: { type: "string" }, disorder: { type: "string" }, json: { type: "string" } },
  });
  if (positionals[0] === "setup") return setUp(positionals.slice(1));
  if (positionals.length === 0) throw new Error("name a workload: w1, w5, or one variant as w2/sliding");
  const options: SuiteOptions = {
    records: whole("records", values.records ?? "2000000", 1_000),
    rounds: whole("rounds", values.rounds ?? "5", 1),
    threads: whole("threads", values.threads ?? "1", 1),
    disorder: share("disorder", values.disorder ?? String(usualDisorder)),
    steady: true,
    note: (line) => process.stderr.write(`${line}\n`),
  };
  const systems = chosenSystems(values.peers?.split(","));
  const rows: Row[] = [];
  for (const wanted of positionals.flatMap(wantedOf)) {
    const { workload, variant, summary } = wanted;
    const measured = "measure" in wanted ? await measureStudy(wanted, options) : await measureVariant(wanted, systems, options);
    if (measured.length === 0) continue;
    rows.push(...measured);
    const table = "measure" in wanted ? measured.map((row) => measuresText(row, wanted.goals)).join("") : textTable(measured);
    process.stdout.write(`\n${workload} ${variant}: ${summary}\n${Math.max(...measured.map((row) => row.records))} records, ${options.rounds} interleaved rounds\n${table}`);
    // After each variant: a run that is stopped leaves what it has.
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, rounded, 2)}\n`);
  }
  process.exitCode = rows.some((row) => row.void) ? 1 : 0;
}

/** Rates have five digits: more would be noise. */
function rounded(_name: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
}

/** What a name stands for: variants that systems run side by side, and studies. */
function wantedOf(name: string): readonly (Variant | Study)[] {
  const found = [...variantsOf(name), ...studiesOf(name)];
  const known = [...new Set([...variants, ...studies].map(({ workload }) => workload))];
  if (found.length === 0) throw new Error(`there is no workload ${name}; known: ${known.join(", ")}, or one variant as w2/sliding`);
  return found;
}

/** A study that fails is void: what is measured behind it still counts. */
async function measureStudy(study: Study, options: SuiteOptions): Promise<readonly Row[]> {
  try {
    return await study.measure(options);
  } catch (thrown) {
    options.note(`${study.workload}/${study.variant} is void: ${String(thrown)}`);
    return [studyRow(study, { records: options.records, rounds: 0, measures: {}, void: true })];
  }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) throw new Error(`--${name} must be a whole number of at least ${least}, got ${text}`);
  return value;
}

function share(name: string, text: string): number {
  const value = Number(text);
  if (!(value > 0 && value <= 1)) throw new Error(`--${name} must be above 0 and at most 1, got ${text}`);
  return value;
}

function fail(message: string): void {
  process.stderr.write(`${message}\n${usage}`);
  process.exitCode = 2;
}

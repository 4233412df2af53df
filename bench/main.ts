// Measures StreamFlow beside other systems: README.md.
//   pnpm bench setup PEER...
//   pnpm bench WORKLOAD... [--peers a,b] [--records N] [--rounds R] [--threads T] [--disorder D] [--json FILE]
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { whyNoMeasuring } from "./measure.ts";
import { type Row, textTable } from "./report.ts";
import { setUp } from "./setup.ts";
import { measureVariant, type SuiteOptions } from "./suite.ts";
import { chosenSystems } from "./systems.ts";
import { usualDisorder, variantsOf } from "./workloads.ts";

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
  if (positionals.length === 0) throw new Error("name a workload: w1, w2, or one variant as w2/sliding");
  const options: SuiteOptions = {
    records: whole("records", values.records ?? "2000000", 1_000),
    rounds: whole("rounds", values.rounds ?? "5", 1),
    threads: whole("threads", values.threads ?? "1", 1),
    disorder: share("disorder", values.disorder ?? String(usualDisorder)),
    steady: true,
    note: (line) => process.stderr.write(`${line}\n`),
  };
  const variants = positionals.flatMap(variantsOf);
  const systems = chosenSystems(values.peers?.split(","));
  const rows: Row[] = [];
  for (const variant of variants) {
    const measured = await measureVariant(variant, systems, options);
    rows.push(...measured);
    process.stdout.write(`\n${variant.workload} ${variant.variant}: ${variant.summary}\n${options.records} records, medians of ${options.rounds} interleaved rounds, whole process\n${textTable(measured)}`);
    // After each variant: a run that is stopped leaves what it has.
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  process.exitCode = rows.some((row) => row.void) ? 1 : 0;
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

// `npm run fuzz`: decoders against what their input means, stream after stream, until the time is over or something differs.
//   node scripts/fuzz.ts [--seconds 60] [--seed N] [--cases N] [--target json,corpus,sweep,csv]
// What a difference prints, `--target T --seed N --cases 1` runs again. At least half of the records must have gone through a scanner,
// except in a sweep, where every other line has a byte changed.
import { parseArgs } from "node:util";
import { fuzz, targets, type FuzzReport } from "../packages/ingest/src/codecs/fuzz/fuzz.fixture.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "60" }, seed: { type: "string" }, cases: { type: "string" }, target: { type: "string", default: Object.keys(targets).join() } } });
const seed = Number(values.seed ?? Date.now() % 2 ** 31);
const chosen = values.target.split(",");
const milliseconds = (Number(values.seconds) * 1000) / chosen.length;
const cases = Number(values.cases ?? Infinity);
const leastFast = 0.5;

console.log(`seed ${seed}`);
for (const name of chosen) {
  const make = targets[name];
  if (make === undefined) throw new Error(`no target "${name}"; there are ${Object.keys(targets).join(", ")}`);
  const start = performance.now();
  const report = fuzz(make, seed, (far) => far.cases < cases && performance.now() - start < milliseconds);
  tell(name, report, (performance.now() - start) / 1000);
}

function tell(name: string, { cases: run, records, fast, failure }: FuzzReport, seconds: number): void {
  const share = fast / Math.max(1, records);
  console.log(`${name.padEnd(8)} ${run} streams, ${records} records, ${Math.round(records / seconds)} a second, ${(share * 100).toFixed(1)} % by a scanner: ${failure === undefined ? "no difference" : "DIFFERENT"}`);
  if (failure !== undefined) {
    process.exitCode = 1;
    console.log(`\nseed ${failure.seed} (--target ${name} --seed ${failure.seed} --cases 1): ${failure.difference}\n\nshrunk: ${failure.shrunk}\n`);
  } else if (cases === Infinity && name !== "sweep" && share < leastFast) {
    process.exitCode = 1;
    console.log(`${name}: less than ${leastFast * 100} % of the records went through a scanner`);
  }
}

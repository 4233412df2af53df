// `npm run simulate`: the whole engine on a virtual disk and clock under random schedules, on every core.
//   --schedules N   how many (2,000)
//   --seconds N     stops earlier when the time is over
//   --seed N        the number of the first schedule (from the clock); what a failure prints, `--seed N --schedules 1` runs again
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { Checker } from "./check.ts";
import { drawSchedule } from "./schedule.ts";
import { add, count, emptyTally, histogram, type Tally } from "./tally.ts";

/** What a thread is told: every `step`-th schedule from `first` on. */
interface Share {
  readonly first: number;
  readonly step: number;
  readonly end: number;
  readonly untilMs: number;
}

/** What a thread says at its end, or at its first failure. */
interface Said {
  readonly tally: Tally;
  readonly failure: { readonly seed: number; readonly difference: string; readonly shrunk: string } | undefined;
}

if (isMainThread) await main();
else parentPort?.postMessage(await work(workerData as Share));

async function work({ first, step, end, untilMs }: Share): Promise<Said> {
  const checker = new Checker();
  const tally = emptyTally();
  for (let seed = first; seed < end && Date.now() < untilMs; seed += step) {
    const schedule = drawSchedule(seed);
    const { difference, outcome } = await checker.check(schedule);
    if (outcome !== undefined) count(tally, outcome);
    if (difference !== undefined) return { tally, failure: { seed, difference, shrunk: JSON.stringify(await checker.shrink(schedule)) } };
  }
  return { tally, failure: undefined };
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { schedules: { type: "string", default: "2000" }, seconds: { type: "string", default: "Infinity" }, seed: { type: "string" } } });
  const [schedules, seed] = [Number(values.schedules), Number(values.seed ?? Date.now() % 2 ** 30)];
  const threads = Math.min(availableParallelism(), schedules);
  const startMs = Date.now();
  console.log(`schedules from ${seed} on, ${threads} threads`);
  const shares = Array.from({ length: threads }, (_, at): Share => ({ first: seed + at, step: threads, end: seed + schedules, untilMs: startMs + Number(values.seconds) * 1_000 }));
  const said = await Promise.all(shares.map(runThread));
  const tally = emptyTally();
  for (const one of said) add(tally, one.tally);
  const seconds = (Date.now() - startMs) / 1_000;
  console.log(`${histogram(tally)}\n${tally.schedules} schedules in ${seconds.toFixed(0)} s, ${(tally.schedules / seconds).toFixed(0)} a second; ${tally.full} with at least 3 checkpoints, a crash and another fault; ${tally.checkpoints} checkpoints, ${tally.otherFaults} other faults`);
  for (const { failure } of said) {
    if (failure === undefined) continue;
    process.exitCode = 1;
    console.log(`\nschedule ${failure.seed} (--seed ${failure.seed} --schedules 1): ${failure.difference}\nshrunk: ${failure.shrunk}`);
  }
  if (tally.schedules === 0) process.exitCode = 1;
}

function runThread(share: Share): Promise<Said> {
  const worker = new Worker(new URL(import.meta.url), { workerData: share, resourceLimits: { maxYoungGenerationSizeMb: 64 } });
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

// A process to be killed. It opens everything that it is made of, and then waits for its job on standard input, so that a spare one can stand by.
//   in:  {"job": …}                     begin
//        {"aim": {"point", "visit", "signal"}}   raise a signal at the visit-th time from now that it comes to a point
//        {"assign": …}, {"revoke": …}, {"stop": true}   as the group says whose a partition is; the end of input that has none
//   out: `assigned …`, `revoked …`; `read …`, when all rows of a partition are committed
//        `p <point>` at every named point, before anything else happens there; `running`; `held`, where another process owns the shards; `finished`
import { writeSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { type Environment, type FaultPlan, PipelineRun, type Source, StreamFlowError } from "@streamflow/core";
import { nodeEnvironment } from "@streamflow/core/node";
import { GroupMember } from "./group-source.ts";
import { chaosPipeline, type Job } from "./job.ts";
import { pacedSource } from "./paced-source.ts";
import type { Row } from "./rows.ts";
import { chaosSinks } from "./sinks/index.ts";
import { chaosStores } from "./stores.ts";

/** A signal that the process raises itself. */
export interface Aim {
  readonly point: string;
  readonly visit: number;
  readonly signal: "SIGKILL" | "SIGSTOP";
}

/** A line on standard input. */
export type Command = { readonly job: Job } | { readonly aim: Aim } | { readonly assign: string } | { readonly revoke: string } | { readonly stop: true };

/** A pipe takes less than this at once: nothing is written half. */
function tell(line: string): void {
  writeSync(1, `${line}\n`);
}

class RaisedAtPoint implements FaultPlan {
  #aim: Aim | undefined;
  #visits = 0;

  set aim(aim: Aim) {
    this.#aim = aim;
    this.#visits = 0;
  }

  reach(point: string): void {
    tell(`p ${point}`);
    if (point !== this.#aim?.point || ++this.#visits !== this.#aim.visit) return;
    process.kill(process.pid, this.#aim.signal);
  }
}

/** What a process finds that is not the owner, or not any more. It asks again, as whoever watches over it would have it do. */
const notOwner: readonly string[] = ["SF_LEASE_HELD", "SF_LEASE_LOST", "SF_CHECKPOINT_FENCED", "SF_SINK_FENCED"];
const retryMs = 10;

async function work(job: Job, environment: Environment): Promise<void> {
  const sink = chaosSinks[job.sink];
  if (sink === undefined) throw new Error(`no sink "${job.sink}"`);
  const stores = await chaosStores[job.store].open(job, environment);
  const source = await sourceOf(job);
  run = new PipelineRun(chaosPipeline(job, source, await sink.sinks(job.place)).plan(), { environment, stores, leaseMs: job.leaseMs });
  run.lifecycle.onMove((to) => {
    if (to === "running") tell("running");
  });
  for (;;) {
    try {
      await run.run();
      tell("finished");
      process.exit(0);
    } catch (error) {
      if (!(error instanceof StreamFlowError && notOwner.includes(error.code))) throw error;
      tell("held");
      await pause(retryMs);
    }
  }
}

async function sourceOf(job: Job): Promise<Source<Row>> {
  // A process pays for its own source alone.
  if (job.kafka !== undefined) return (await import("./kafka-source.ts")).watchedKafka(job, tell);
  if (job.group === undefined) return pacedSource(job);
  member = new GroupMember(job, tell);
  return member.source;
}

function failed(error: unknown): void {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
}

let run: PipelineRun | undefined;
let member: GroupMember | undefined;
const faults = new RaisedAtPoint();
const environment = nodeEnvironment({ faults, log: { level: "warn" } });
const commands = createInterface({ input: process.stdin });
// Nobody is there any more who could kill it.
commands.on("close", () => process.exit(1));
commands.on("line", (line) => {
  const command = JSON.parse(line) as Command;
  if ("aim" in command) faults.aim = command.aim;
  else if ("job" in command) work(command.job, environment).catch(failed);
  else if ("stop" in command) run?.stop();
  else member?.hears(command);
});
tell("ready");

// What the host answers over HTTP.
import { capabilitiesOf, Savepoints, toStreamFlowError } from "@streamflow/core";
import { HealthChecks, prometheusRegistry } from "@streamflow/metrics";
import { errorAnswer, type Answer, type Route } from "./http-server.ts";
import type { HostedPipeline, PipelineInfo, PipelineStatus } from "./hosted-pipeline.ts";
import type { Runner } from "./runner.ts";

/** What the process knows of itself besides its pipelines. */
export interface ProcessFacts {
  /** Promises that were rejected and that nobody waited for: bugs of connectors or user code. */
  readonly unhandledRejections: number;
}

/** Makes the routes of a runner. */
export function routesOf(runner: Runner, facts: ProcessFacts): readonly Route[] {
  const health = healthChecks(runner, facts);
  const prometheus = prometheusRegistry(runner.host.metrics);
  const command = (name: string, run: (pipeline: HostedPipeline) => void | Promise<void>): Route => ({
    method: "POST",
    path: `/pipelines/*/${name}`,
    answer: ([, pipeline = ""]) => obey(runner, pipeline, run),
  });
  return [
    { method: "GET", path: "/healthz", answer: async () => {
      const report = await health.run();
      return { status: report.status === "failed" ? 503 : 200, body: report };
    } },
    { method: "GET", path: "/readyz", answer: () => readiness(runner) },
    { method: "GET", path: "/metrics", answer: async () => {
      // Gauges that follow the clock are set when progress is asked for.
      void runner.infos;
      return { status: 200, body: await prometheus.metrics(), contentType: prometheus.contentType };
    } },
    { method: "GET", path: "/capabilities", answer: () => ({ status: 200, body: { capabilities: capabilitiesOf(runner.host.registry, runner.host.environment) } }) },
    { method: "GET", path: "/pipelines", answer: () => ({ status: 200, body: { pipelines: runner.infos } }) },
    { method: "GET", path: "/pipelines/*", answer: ([, name = ""]) => ({ status: 200, body: runner.pipeline(name).info }) },
    command("start", (pipeline) => pipeline.start()),
    command("stop", (pipeline) => pipeline.stop()),
    command("restart", (pipeline) => pipeline.restart()),
    { method: "POST", path: "/pipelines/*/savepoints", answer: ([, name = ""]) => savepoint(runner, name) },
    { method: "POST", path: "/pipelines/*/savepoints/*", answer: ([, name = "", , wanted]) => savepoint(runner, name, wanted) },
    { method: "GET", path: "/savepoints", answer: async () => ({ status: 200, body: { savepoints: await new Savepoints(runner.stores, runner.host.environment).list() } }) },
  ];
}

/** 202: the command was taken; what becomes of it shows in `GET /pipelines/{name}`. */
async function obey(runner: Runner, name: string, run: (pipeline: HostedPipeline) => void | Promise<void>): Promise<Answer> {
  const pipeline = runner.pipeline(name);
  if (runner.isDraining) return { status: 503, body: { error: { code: "SF_LIFECYCLE_ILLEGAL", message: "the host is stopping" } } };
  try {
    await run(pipeline);
  } catch (thrown) {
    const answer = errorAnswer(toStreamFlowError(thrown, "SF_INTERNAL", `pipeline "${name}"`));
    // The pipeline's own words: without secrets, with every mistake.
    const { problem } = pipeline.info;
    return problem === undefined || answer.status === 409 ? answer : { status: answer.status, body: { error: problem } };
  }
  return { status: 202, body: pipeline.info };
}

/** 201: it is kept. One that takes longer than an answer may is finished all the same. */
async function savepoint(runner: Runner, pipeline: string, name?: string): Promise<Answer> {
  return { status: 201, body: await runner.pipeline(pipeline).takeSavepoint(runner.stores, name) };
}

function healthChecks(runner: Runner, facts: ProcessFacts): HealthChecks {
  const checks = new HealthChecks({ clock: runner.host.environment.clock });
  checks.add("stores", async () => {
    await runner.stores.logs.names();
    return { status: "ok" };
  });
  checks.add("process", () => {
    const { unhandledRejections } = facts;
    return unhandledRejections === 0 ? { status: "ok" } : { status: "degraded", reason: `${unhandledRejections} rejected promises that nobody waited for; see the log` };
  });
  checks.add("pipelines", () => {
    const bad = runner.infos.filter(({ status }) => status === "failed" || status === "invalid");
    return bad.length === 0 ? { status: "ok" } : { status: "degraded", reason: `${bad.map(({ name, status }) => `${name} is ${status}`).join(", ")}` };
  });
  return checks;
}

const ready: ReadonlySet<PipelineStatus> = new Set<PipelineStatus>(["running", "paused", "finished", "stopped"]);

function readiness(runner: Runner): Answer {
  const { infos } = runner;
  const reasons = infos.filter(({ status }) => !ready.has(status)).map(reasonOf);
  if (runner.isDraining) reasons.unshift("the host is stopping");
  return {
    status: reasons.length === 0 ? 200 : 503,
    body: { ready: reasons.length === 0, reasons, pipelines: Object.fromEntries(infos.map(({ name, status }) => [name, status])) },
  };
}

function reasonOf({ name, status, problem }: PipelineInfo): string {
  return `${name} is ${status}${problem === undefined ? "" : `: ${problem.code}: ${problem.message}`}`;
}

// A plan for people and programs: text, JSON, Mermaid.
import type { Projection } from "../contracts/codec.ts";
import type { Shape } from "../contracts/operator.ts";
import { addedUp } from "./added-up.ts";
import { canonicalPlan, plainOf } from "./canonical.ts";
import { deliveryText } from "./delivery.ts";
import { standardFunctionTable } from "./function-table.ts";
import { weakestGuarantee } from "./guarantee.ts";
import { parallelismOf } from "./parallelism.ts";
import type { PhysicalNode, PhysicalPlan } from "./physical-plan.ts";

/** The plan as text: tasks with their nodes, what is read, how it is sharded, what each sink guarantees. */
export function explainText(plan: PhysicalPlan): string {
  const byId = new Map(plan.nodes.map((entry) => [entry.node.id, entry]));
  const lines = [`pipeline ${plan.logical.config.name}`, ""];
  for (const task of plan.tasks) {
    lines.push(`${task.name} (${task.scope === "partition" ? "one for each input partition" : "behind an exchange"})`);
    for (const id of task.nodes) {
      const entry = byId.get(id);
      if (entry !== undefined) lines.push(...describe(entry, plan).map((line) => `  ${line}`));
    }
    lines.push("");
  }
  lines.push(`shards: ${plan.sharding === "partition" ? "input partitions" : "128 key groups"}, because ${plan.shardingReason}`);
  const delivery = deliveryText(plan.logical);
  if (delivery !== undefined) lines.push(`delivery: ${delivery}`);
  lines.push("guarantees:");
  for (const { sink, guarantee, reason } of plan.guarantees) lines.push(`  ${sink}: ${guarantee}; ${reason}`);
  const weakest = weakestGuarantee(plan.guarantees);
  if (weakest !== undefined) lines.push(`of the pipeline: ${weakest.guarantee}, as "${weakest.sink}", its weakest end`);
  return `${lines.join("\n")}\n`;
}

/** The plan as plain data; the shape of the answer is stable. */
export function explainJson(plan: PhysicalPlan): Readonly<Record<string, unknown>> {
  return {
    pipeline: plan.logical.config.name,
    logical: canonicalPlan(plan.logical),
    tasks: plan.tasks,
    nodes: plan.nodes.map((entry) => ({
      id: entry.node.id,
      kind: entry.node.kind,
      type: entry.node.type,
      scope: entry.scope,
      summary: entry.shape?.summary ?? null,
      deterministic: entry.shape?.deterministic ?? true,
      stateful: entry.shape?.stateful ?? false,
      ...(entry.node.kind === "source" ? { parallelism: parallelismOf(entry.node, plan.logical.config) } : {}),
      outputs: Object.fromEntries(Object.entries(entry.outputShapes).map(([name, shape]) => [name, plainOf(shape)])),
    })),
    reads: Object.fromEntries([...plan.projections].map(([source, projection]) => [source, plainOf(projection)])),
    sharding: { by: plan.sharding, reason: plan.shardingReason },
    guarantees: plan.guarantees,
    guarantee: weakestGuarantee(plan.guarantees) ?? null,
    fingerprints: plan.fingerprints,
  };
}

/** The plan as a Mermaid flowchart: one box per task, thick arrows for exchanges. */
export function explainMermaid(plan: PhysicalPlan): string {
  // Mermaid has words of its own, such as "end", and no "-" in names: nodes are numbered, and their ids stand in the labels.
  const numbers = new Map(plan.nodes.map((entry, index) => [entry.node.id, `n${index + 1}`]));
  const name = (id: string): string => numbers.get(id) ?? id;
  const lines = ["flowchart LR"];
  const byId = new Map(plan.nodes.map((entry) => [entry.node.id, entry]));
  for (const task of plan.tasks) {
    lines.push(`  subgraph ${task.name.replace("-", "_")}["${task.name}"]`);
    for (const id of task.nodes) {
      const entry = byId.get(id);
      const label = `${id}<br/>${entry?.node.type ?? ""}`;
      lines.push(`    ${name(id)}${entry?.node.kind === "stage" ? `["${label}"]` : `(["${label}"])`}`);
    }
    lines.push("  end");
  }
  for (const { from, output, to } of plan.logical.edges) {
    const arrow = byId.get(to)?.exchanged === true ? "==>" : "-->";
    lines.push(`  ${name(from)} ${arrow}${output === "main" ? "" : `|${output}|`} ${name(to)}`);
  }
  return `${lines.join("\n")}\n`;
}

function describe(entry: PhysicalNode, plan: PhysicalPlan): readonly string[] {
  const { node, shape } = entry;
  const from = entry.incoming.map((edge) => (edge.output === "main" ? edge.from : `${edge.from}.${edge.output}`)).join(", ");
  const head = `${node.id}: ${node.type}${from === "" ? "" : ` ← ${from}`}${shape === undefined || shape.summary === node.type ? "" : ` — ${shape.summary}`}`;
  const lines = [head];
  const reads = plan.projections.get(node.id);
  if (reads !== undefined) lines.push(`  reads ${formatProjection(reads, entry.outputShapes.main)}`);
  if (node.kind === "source") lines.push(...describeThreads(entry, plan).map((line) => `  ${line}`));
  const flags = [shape?.stateful === true ? "keeps state" : "", shape?.deterministic === false ? "not deterministic" : "", entry.exchanged ? "exchange by key" : ""].filter((flag) => flag !== "");
  if (flags.length > 0) lines.push(`  ${flags.join(", ")}`);
  return lines;
}

/** Nothing where nobody asked for threads. */
function describeThreads(entry: PhysicalNode, plan: PhysicalPlan): readonly string[] {
  const { config } = plan.logical;
  const threads = parallelismOf(entry.node, config);
  if (threads === 1) return (entry.node.source?.parallelism ?? config.parallelism ?? 1) > 1 ? ["read by one thread: this source cannot be shared"] : [];
  const { stages, why } = addedUp(plan, entry, standardFunctionTable);
  const work = stages.length === 0 ? `the other threads decode alone: ${why}` : `the other threads may add up for "${stages.at(-1)?.node.id}"`;
  return [`read by ${threads} threads, where the input is large enough`, work];
}

function formatProjection(projection: Projection, shape: Shape | undefined): string {
  if (projection !== "all") return projection.map((path) => path.join(".")).join(", ") || "no field";
  if (shape?.schema?.type === "struct") return `all declared fields: ${shape.schema.fields.map((field) => field.name).join(", ")}`;
  return "whole records (no schema is declared)";
}

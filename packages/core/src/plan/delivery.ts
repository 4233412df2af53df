// Which sinks an epoch waits for (docs/adr/0009): the policy checked, and asked.
import type { StreamFlowError } from "../errors.ts";
import { invalid } from "./graph.ts";
import type { LogicalPlan } from "./logical-plan.ts";
import type { DeliveryPolicy } from "./policies.ts";

/** Why a delivery policy cannot be kept, or would be met by nothing (B5). */
export function deliveryProblems({ config, nodes }: LogicalPlan): readonly StreamFlowError[] {
  const { name, delivery } = config;
  if (delivery === undefined) return [];
  const sinks = nodes.filter(({ kind }) => kind === "sink").map(({ id }) => id);
  const reasons = [...requiredReasons(delivery, sinks), ...quorumReasons(delivery, sinks.length)];
  const { maxBacklogBytes = 1 } = delivery;
  if (!(Number.isSafeInteger(maxBacklogBytes) && maxBacklogBytes > 0)) reasons.push([`maxBacklogBytes must be a positive integer, got ${maxBacklogBytes}`, "give a number of bytes"]);
  return reasons.map(([what, hint]) => invalid(`delivery of pipeline "${name}": ${what}`, hint, []));
}

type Reason = readonly [what: string, hint: string];

function requiredReasons({ commitPolicy = "required", required }: DeliveryPolicy, sinks: readonly string[]): Reason[] {
  if (sinks.length === 0) return [["there is no sink that an epoch could wait for", "add a sink, or leave `delivery` out"]];
  if (required === undefined) return [];
  if (commitPolicy !== "required") return [[`policy "${commitPolicy}" makes no difference between sinks: \`required\` has no meaning`, 'leave it out, or say commitPolicy: "required"']];
  if (required.length === 0) return [["no sink is required: every epoch would count at once", "name a required sink"]];
  const unknown = required.filter((id) => !sinks.includes(id));
  return unknown.length === 0 ? [] : [[`there is no sink "${unknown.join('", "')}"`, `sinks: ${sinks.join(", ")}`]];
}

function quorumReasons({ commitPolicy = "required", quorum }: DeliveryPolicy, sinks: number): Reason[] {
  if (commitPolicy !== "quorum") return quorum === undefined ? [] : [[`\`quorum\` has a meaning for policy "quorum" only, not for "${commitPolicy}"`, 'leave it out, or say commitPolicy: "quorum"']];
  if (quorum !== undefined && Number.isSafeInteger(quorum) && quorum >= 1 && quorum <= sinks) return [];
  return [[`a quorum of ${quorum ?? "nothing"} out of ${sinks} sinks`, `give a whole number from 1 to ${sinks}`]];
}

/** Whether epochs may count before this sink has them. */
export function hasBacklog({ config: { delivery } }: LogicalPlan, sink: string): boolean {
  if (delivery?.commitPolicy === "quorum") return true;
  return delivery?.commitPolicy !== "all" && delivery?.required !== undefined && !delivery.required.includes(sink);
}

/** Whether any sink has a backlog. */
export function hasBacklogs(plan: LogicalPlan): boolean {
  return plan.nodes.some(({ kind, id }) => kind === "sink" && hasBacklog(plan, id));
}

/** The policy in a sentence; undefined where every sink is waited for. */
export function deliveryText(plan: LogicalPlan): string | undefined {
  if (!hasBacklogs(plan)) return undefined;
  const sinks = plan.nodes.filter(({ kind }) => kind === "sink").map(({ id }) => id);
  const { commitPolicy, quorum } = plan.config.delivery ?? {};
  const waited = commitPolicy === "quorum" ? `${quorum} of ${sinks.length} sinks` : sinks.filter((id) => !hasBacklog(plan, id)).join(", ");
  return `an epoch counts when ${waited} ${commitPolicy === "quorum" || waited.includes(", ") ? "have" : "has"} it; what others lack is kept in the checkpoints, and sent`;
}

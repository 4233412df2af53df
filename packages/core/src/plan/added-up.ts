// Which stages behind a source other threads may run, with the one at their end that adds records up (docs/adr/0007).
import type { FunctionTable } from "../contracts/operator.ts";
import { standardFunctionTable } from "./function-table.ts";
import { rejectedOutput } from "./graph.ts";
import type { PlanEdge } from "./logical-plan.ts";
import type { PhysicalNode, PhysicalPlan } from "./physical-plan.ts";

/** What was found. */
export interface AddedUp {
  /** In order, the last one adds up; empty: none does. */
  readonly stages: readonly PhysicalNode[];
  /** Why none does, for people. */
  readonly why: string;
}

/** Follows the records of a source up to the first stage with state. */
export function addedUp(plan: PhysicalPlan, source: PhysicalNode, functions: FunctionTable): AddedUp {
  const nodes = new Map(plan.nodes.map((entry) => [entry.node.id, entry]));
  const stages: PhysicalNode[] = [];
  for (let entry = source; ; ) {
    const next = nodes.get(onlyReader(entry)?.to ?? "");
    const why = next === undefined ? `"${entry.node.id}" has not one reader` : obstacle(next, functions);
    if (next === undefined || why !== undefined) return { stages: [], why: why ?? "" };
    stages.push(next);
    if (next.shape?.addsUp === true) return isTimedOnce(stages) ? { stages, why: "" } : { stages: [], why: "event time is given more than once" };
    entry = next;
  }
}

/** Records that are rejected do not count: a thread that meets one leaves the whole range alone. */
function onlyReader({ outgoing }: PhysicalNode): PlanEdge | undefined {
  const edges = outgoing.filter(({ output }) => output !== rejectedOutput);
  return edges.length === 1 && edges[0]?.output === "main" ? edges[0] : undefined;
}

function obstacle({ node, shape, scope, incoming }: PhysicalNode, functions: FunctionTable): string | undefined {
  const name = `"${node.id}"`;
  if (node.kind !== "stage") return "no stage adds records up";
  if (scope !== "partition" || incoming.length !== 1) return `${name} reads several partitions or outputs`;
  if (node.definition?.threads?.(node.config as never) === undefined || (shape?.stateful === true && shape.addsUp !== true)) return `${name} (${node.type}) runs in the pipeline's thread`;
  return isPlain(node.config, functions) ? undefined : `${name} has functions, which no other thread can be given`;
}

function isTimedOnce(stages: readonly PhysicalNode[]): boolean {
  return stages.filter(({ node }) => node.type === "eventTime").length === 1;
}

/** Whether a copy of it means the same in another thread: no functions, and of those that expressions call only what every thread has. */
function isPlain(value: unknown, functions: FunctionTable): boolean {
  if (typeof value === "function" || typeof value === "symbol") return false;
  if (typeof value !== "object" || value === null) return true;
  const call = value as { readonly kind?: unknown; readonly function?: unknown };
  if (call.kind === "call" && functions.get(String(call.function)) !== standardFunctionTable.get(String(call.function))) return false;
  return Object.values(value).every((part) => isPlain(part, functions));
}

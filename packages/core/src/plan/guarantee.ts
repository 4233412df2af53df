// What every sink promises end to end, and why: the weakest end decides.
import type { SinkCapabilities } from "../contracts/sink.ts";
import { hasBacklog } from "./delivery.ts";
import type { LogicalPlan } from "./logical-plan.ts";
import type { PhysicalNode, SinkGuarantee } from "./physical-plan.ts";
import { isBridged } from "./shapes.ts";

/** Computes the guarantee of every sink of a placed plan. */
export function guarantees(nodes: readonly PhysicalNode[], logical: LogicalPlan): readonly SinkGuarantee[] {
  const byId = new Map(nodes.map((entry) => [entry.node.id, entry]));
  return nodes.filter((entry) => entry.node.kind === "sink").map((entry) => guarantee(entry, upstreamOf(entry, byId), hasBacklog(logical, entry.node.id)));
}

const fromWeakest: readonly SinkGuarantee["guarantee"][] = ["at-most-once", "at-least-once", "exactly-once"];

/** The guarantee of a whole pipeline: that of its weakest sink, the first of these. Undefined without sinks. */
export function weakestGuarantee(all: readonly SinkGuarantee[]): SinkGuarantee | undefined {
  return fromWeakest.map((one) => all.find(({ guarantee }) => guarantee === one)).find((found) => found !== undefined);
}

function guarantee(entry: PhysicalNode, upstream: readonly PhysicalNode[], isBacklogged: boolean): SinkGuarantee {
  const sink = entry.node.id;
  const type = entry.node.type;
  const lossy = upstream.find((n) => n.node.source?.capabilities.replayable === false);
  if (lossy !== undefined) {
    return { sink, guarantee: "at-most-once", reason: `source "${lossy.node.id}" (${lossy.node.type}) cannot be read again: what was in flight at a crash is lost` };
  }
  const capabilities = entry.node.sink?.capabilities;
  const bridge = upstream.find((n) => isBridged(n.node));
  if (bridge !== undefined) {
    return { sink, guarantee: "at-least-once", reason: `stage "${bridge.node.id}" offers only process(), and must keep nothing between records: what it keeps is not checkpointed` };
  }
  if (isBacklogged) return { sink, ...backlogged(type, capabilities) };
  if (capabilities?.delivery === "transactional") {
    const order = capabilities.commitOrder === "store-first" ? "its output becomes visible only after the checkpoint that covers it" : "output and positions are one transaction of the sink";
    return { sink, guarantee: "exactly-once", reason: `${type} is transactional: ${order}` };
  }
  if (capabilities?.delivery === "idempotent") {
    const changing = upstream.find((n) => n.node.source?.capabilities.deterministic === false);
    if (changing !== undefined) return { sink, guarantee: "at-least-once", reason: `${type} is idempotent, but source "${changing.node.id}" may give other records when it is read again` };
    const blocker = upstream.find((n) => n.shape !== undefined && (n.shape.stateful || !n.shape.deterministic));
    if (blocker === undefined) return { sink, guarantee: "exactly-once", reason: `${type} is idempotent, and every record keeps its identity (position and index)` };
    return { sink, guarantee: "at-least-once", reason: `${type} is idempotent, but records behind "${blocker.node.id}" have no identity of their own` };
  }
  return { sink, guarantee: "at-least-once", reason: `${type} ${capabilities?.reason ?? "cannot take back what was written before a crash"}` };
}

/** Of a sink that epochs do not wait for: what it is sent again after a crash is decided in the checkpoint, whatever is upstream. */
function backlogged(type: string, capabilities: SinkCapabilities | undefined): Omit<SinkGuarantee, "sink"> {
  if (capabilities?.delivery === "idempotent") return { guarantee: "exactly-once", reason: `${type} is idempotent, and what it has not taken yet is kept in the checkpoints, with its identity` };
  if (capabilities?.delivery !== "transactional") return { guarantee: "at-least-once", reason: `${type} ${capabilities?.reason ?? "cannot take back what was written before a crash"}` };
  if (capabilities.commitOrder === "sink-first" || capabilities.remembersCommits === true) return { guarantee: "exactly-once", reason: `${type} is transactional, and knows which of the epochs that are kept for it in the checkpoints it has` };
  return { guarantee: "at-least-once", reason: `${type} does not know which of the epochs that are kept for it in the checkpoints it has` };
}

function upstreamOf(entry: PhysicalNode, byId: ReadonlyMap<string, PhysicalNode>): readonly PhysicalNode[] {
  const found = new Map<string, PhysicalNode>();
  const visit = (id: string): void => {
    const node = byId.get(id);
    if (node === undefined || found.has(id)) return;
    found.set(id, node);
    for (const edge of node.incoming) visit(edge.from);
  };
  for (const edge of entry.incoming) visit(edge.from);
  return [...found.values()];
}

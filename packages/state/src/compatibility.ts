// Whether stored state fits the present plan: decided, and said node by node, before anything starts.
import { StreamFlowError } from "@streamflow/core";
import type { Checkpoint, StateSegment } from "@streamflow/core";

/** The present plan, as far as its state goes. */
export interface PresentPlan {
  /** Fingerprints of the stateful nodes, by node id. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** The states that its nodes declare, with the serializers that will read them. @defaultValue serializers are not compared here */
  readonly states?: readonly DeclaredState[];
  /** Whether a node can take over state that was stored under another fingerprint. @defaultValue none can */
  readonly migrates?: (node: string, storedFingerprint: string) => boolean;
  /** Lets state of nodes and tables that are not in the plan any more go. @defaultValue false */
  readonly allowDropped?: boolean;
}

/** A state that a node declares. */
export type DeclaredState = Pick<StateSegment, "node" | "state" | "serializer" | "version">;

/** What becomes of the state of each node. Sorted by node id. */
export interface PlanComparison {
  readonly kept: readonly string[];
  readonly migrated: readonly string[];
  /** In the plan, not in the checkpoint: they start empty. */
  readonly new: readonly string[];
  /** In the checkpoint, not in the plan; allowed. */
  readonly dropped: readonly string[];
}

/**
 * Compares the plan that a checkpoint was written under with the present one.
 *
 * A node with an equal fingerprint keeps its state. One with another fingerprint is migrated where the plan says that it can be. Within both, a
 * state is read by a serializer of the same name and of the same or a later version; a later one makes the node a migrated one.
 *
 * @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE naming every node that would lose or misread state; `context.nodes` holds their ids.
 */
export function compareWithPlan(checkpoint: Checkpoint, plan: PresentPlan): PlanComparison {
  const verdicts = new Map<string, Verdict>();
  const problems: Problem[] = [];
  for (const [node, stored] of Object.entries(checkpoint.plan)) {
    const verdict = judgeNode(node, stored, plan);
    if (typeof verdict === "string") verdicts.set(node, verdict);
    else problems.push(verdict);
  }
  for (const node of Object.keys(plan.fingerprints)) if (!Object.hasOwn(checkpoint.plan, node)) verdicts.set(node, "new");
  for (const state of storedStates(checkpoint)) {
    const verdict = verdicts.get(state.node);
    if (plan.states === undefined || (verdict !== "kept" && verdict !== "migrated")) continue;
    const judged = judgeState(state, plan);
    if (judged === "migrated") verdicts.set(state.node, "migrated");
    else if (judged !== undefined) problems.push(judged);
  }
  if (problems.length > 0) throw incompatible(checkpoint, problems);
  const of = (wanted: Verdict): readonly string[] => [...verdicts].flatMap(([node, verdict]) => (verdict === wanted ? [node] : [])).sort();
  return { kept: of("kept"), migrated: of("migrated"), new: of("new"), dropped: of("dropped") };
}

type Verdict = "kept" | "migrated" | "new" | "dropped";

interface Problem {
  readonly node: string;
  readonly what: string;
}

function judgeNode(node: string, stored: string, plan: PresentPlan): Verdict | Problem {
  if (!Object.hasOwn(plan.fingerprints, node)) return plan.allowDropped === true ? "dropped" : { node, what: "is not in the plan any more" };
  if (plan.fingerprints[node] === stored) return "kept";
  if (plan.migrates?.(node, stored) === true) return "migrated";
  return { node, what: "was changed in a way that its stored state does not fit" };
}

/** Undefined: read as it was written, or allowed to go. */
function judgeState(stored: DeclaredState, plan: PresentPlan): "migrated" | Problem | undefined {
  const declared = plan.states?.find(({ node, state }) => node === stored.node && state === stored.state);
  const problem = (what: string): Problem => ({ node: stored.node, what: `stores state "${stored.state}", ${what}` });
  if (declared === undefined) return plan.allowDropped === true ? undefined : problem("which it does not declare any more");
  if (declared.serializer !== stored.serializer) return problem(`written by serializer "${stored.serializer}", expected "${declared.serializer}"`);
  if (declared.version < stored.version) return problem(`written by version ${stored.version} of "${stored.serializer}", newer than version ${declared.version}`);
  return declared.version > stored.version ? "migrated" : undefined;
}

/** One of each: shards store the same states. */
function storedStates(checkpoint: Checkpoint): readonly DeclaredState[] {
  const distinct = new Map<string, DeclaredState>();
  for (const manifest of checkpoint.manifests) {
    for (const { node, state, serializer, version } of manifest.state) distinct.set(JSON.stringify([node, state, serializer, version]), { node, state, serializer, version });
  }
  return [...distinct.values()];
}

function incompatible(checkpoint: Checkpoint, problems: readonly Problem[]): StreamFlowError {
  const list = problems.map(({ node, what }) => `"${node}" ${what}`).join("; ");
  return new StreamFlowError("SF_STATE_INCOMPATIBLE", `checkpoint of epoch ${checkpoint.epoch} does not fit the plan: ${list}`, {
    hint: "put the stages back as they were, allow their state to be dropped, or start the pipeline under another name",
    context: { epoch: checkpoint.epoch, nodes: [...new Set(problems.map((problem) => problem.node))].sort() },
  });
}

// How keys of a node are compared and spread over key groups.
import { keyGroupCount, keyGroupOfCanonical } from "../keyed/key-group.ts";
import type { KeyRules } from "../keyed/keyed-table.ts";
import type { PhysicalNode, Scope } from "../plan/physical-plan.ts";
import { keyOf } from "../types/key.ts";

/** In the partition scope all keys share one group: they are restored and moved together. */
export function keyRules(entry: PhysicalNode, scope: Scope): KeyRules {
  const canonical = keyOf(entry.inputShapes[0]?.key?.type);
  return scope === "partition" ? { canonical, groups: 1 } : { canonical, group: keyGroupOfCanonical, groups: keyGroupCount };
}

// Key groups: the fixed parts that keyed state is stored, owned and moved by.
import { hashCanonical, hashKey } from "../types/hash.ts";
import type { CanonicalKey } from "../types/key.ts";

/** How many key groups there are. Frozen: stored state is arranged by it. */
export const keyGroupCount = 128;

/**
 * The key group of a key, 0 to 127: its hash modulo 128.
 *
 * @throws {@link StreamFlowError} SF_KEY_INVALID for what cannot be a key.
 */
export function keyGroupOf(key: unknown): number {
  return hashKey(key) % keyGroupCount;
}

/** The key group of a key in canonical form: see {@link keyGroupOf}. */
export function keyGroupOfCanonical(key: CanonicalKey): number {
  return hashCanonical(key) % keyGroupCount;
}

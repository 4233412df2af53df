// The key under which an idempotent sink writes a record.
import { createHash } from "node:crypto";
import type { RecordIdentity } from "@streamflow/core";

/** Who writes: part of every key, so that two pipelines never share one. */
export interface KeyScope {
  readonly pipeline: string;
  readonly node: string;
}

/**
 * The identity of a record as text: the same after every restart, different for different records.
 *
 * Parts are joined by "/" and escaped where they hold one, so that no two identities give one text. As long as its parts: see {@link shortKey}.
 *
 * @example
 * ```ts
 * identityKey({ pipeline: "orders", node: "out" }, { shard: "p:file/a.ndjson", origin: "120", index: 0 }); // => "orders/out/p:file%2Fa.ndjson/120/0"
 * ```
 */
export function identityKey({ pipeline, node }: KeyScope, { shard, origin, index }: RecordIdentity): string {
  return `${part(pipeline)}/${part(node)}/${part(shard)}/${part(origin)}/${index}`;
}

/** The identity as 32 hexadecimal digits, for targets whose keys are short: the first 128 bits of the SHA-256 of `identityKey`. */
export function shortKey(scope: KeyScope, identity: RecordIdentity): string {
  return createHash("sha256").update(identityKey(scope, identity)).digest("hex").slice(0, 32);
}

function part(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("/", "%2F");
}

// Which parts of the state the newest checkpoint holds, and where: the next one names them again where they have not changed (docs/adr/0011).
//   S1. A part is known only while the newest published checkpoint names it: what that names, retention keeps.
//   S2. A segment of which less than half is in use, or one too many, is not known any more: its parts are written with the next checkpoint, and it goes with the last one that names it.
import type { SegmentRef, StateSegment } from "../contracts/checkpoint-store.ts";
import { StreamFlowError } from "../errors.ts";

/** A checkpoint names at most so many segments that older ones have written: whoever restores reads each. */
const maxSegments = 16;

/** A part, and where it is stored. */
export interface PlacedPart {
  readonly content: object | undefined;
  readonly at: StateSegment;
}

/** What one executor has stored. */
export class StoredParts {
  #known = new Map<object, StateSegment>();

  /** Whether a part with this content need not be written. */
  readonly has = (content: object): boolean => this.#known.has(content);

  /** Where a part is that was known at the barrier. */
  at(content: object): StateSegment {
    const at = this.#known.get(content);
    if (at === undefined) throw new StreamFlowError("SF_INTERNAL", "a part of the state was not written, and is not stored");
    return at;
  }

  /** A checkpoint is published: these are all its parts. */
  published(parts: readonly PlacedPart[]): void {
    const kept = worthKeeping(parts);
    this.#known = new Map(parts.flatMap(({ content, at }) => (content !== undefined && kept.has(at.segment.name) ? [[content, at] as const] : [])));
  }
}

interface Use {
  readonly segment: SegmentRef;
  /** Bytes that may be named again. */
  used: number;
}

/** Names of the segments that the next checkpoint may name: the fullest. */
function worthKeeping(parts: readonly PlacedPart[]): ReadonlySet<string> {
  const uses = new Map<string, Use>();
  for (const { content, at } of parts) {
    const use = uses.get(at.segment.name) ?? { segment: at.segment, used: 0 };
    uses.set(at.segment.name, use);
    if (content !== undefined) use.used += at.end - at.start;
  }
  const half = [...uses.values()].filter(({ segment, used }) => 2 * used >= segment.byteLength && used > 0);
  half.sort((a, b) => b.used - a.used);
  return new Set(half.slice(0, maxSegments).map(({ segment }) => segment.name));
}

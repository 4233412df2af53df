// Packs the bytes of many small states into few segments: a segment costs a sync.
import type { StateBytes } from "@streamflow/core";

/** A segment to be written, and which part of it is whose: `[start, end)`. */
export interface PackedSegment {
  readonly bytes: Uint8Array;
  readonly parts: readonly { readonly state: StateBytes; readonly start: number; readonly end: number }[];
}

/**
 * Puts states into segments, in order. A segment holds at most `maxBytes`, except where one state alone is larger; a state is never divided.
 * One segment is made at a time, so that no more than one is held in memory beside the states.
 */
export function* packStates(states: readonly StateBytes[], maxBytes: number): Generator<PackedSegment> {
  for (let from = 0; from < states.length; ) {
    let size = 0;
    let to = from;
    for (; to < states.length; to++) {
      const next = (states[to] as StateBytes).bytes.byteLength;
      if (to > from && size + next > maxBytes) break;
      size += next;
    }
    yield pack(states.slice(from, to), size);
    from = to;
  }
}

function pack(states: readonly StateBytes[], size: number): PackedSegment {
  const only = states.length === 1 ? states[0] : undefined;
  if (only !== undefined) return { bytes: only.bytes, parts: [{ state: only, start: 0, end: size }] };
  const together = lieTogether(states, size);
  const bytes = together ?? new Uint8Array(size);
  let at = 0;
  const parts = states.map((state) => {
    if (together === undefined) bytes.set(state.bytes, at);
    at += state.bytes.byteLength;
    return { state, start: at - state.bytes.byteLength, end: at };
  });
  return { bytes, parts };
}

/** The bytes of all states, where each lies behind the one before already: to copy them would be for nothing. */
function lieTogether(states: readonly StateBytes[], size: number): Uint8Array | undefined {
  const first = states[0]?.bytes;
  if (first === undefined) return undefined;
  let end = first.byteOffset;
  for (const { bytes } of states) {
    if (bytes.buffer !== first.buffer || bytes.byteOffset !== end) return undefined;
    end += bytes.byteLength;
  }
  return new Uint8Array(first.buffer, first.byteOffset, size);
}

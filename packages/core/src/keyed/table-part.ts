// One key group of one table, as it was at a barrier.

/** A part whose bytes are made when they are needed, after the barrier. */
export interface TablePart {
  readonly group: number;
  /** Stands for what the part holds: the same object at the next barrier where that would be the same bytes. Undefined: nobody looks. */
  readonly content?: object;
  /** Makes the bytes, once. Yields where others may run. */
  write(this: void): Generator<undefined, Uint8Array>;
  /** Told when nobody needs the bytes any more: they may be those of the next copy. */
  readonly free?: (this: void) => void;
}

/** A part that needs no writing: its content is stored. */
export interface KnownPart {
  readonly group: number;
  readonly content: object;
}

/** Answers whether a content is stored, and need not be written. */
export type IsStored = (content: object) => boolean;

/** A part whose bytes are there. */
export function wholePart(group: number, bytes: Uint8Array): TablePart {
  return {
    group,
    // oxlint-disable-next-line require-yield -- nothing is left to do
    *write() {
      return bytes;
    },
  };
}

/** The bytes, made at once. */
export function written(writing: Generator<undefined, Uint8Array>): Uint8Array {
  for (;;) {
    const step = writing.next();
    if (step.done === true) return step.value;
  }
}

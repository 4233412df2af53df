// Memory that copies for checkpoints use again: to fill new memory costs several times as much, because the system has to find it first.
import { type ArrayPool, blockLength, type LiveArrays } from "./live-copy.ts";

/** Most blocks that are kept for the next copy. */
const maxKept = 1_024;
/** Fewer bytes are made anew: a host may have very many pipelines. */
const leastKept = 16_384;

/** The memory of a table's copies. */
export class CopyPool {
  #last: CopyMemory | undefined;
  #kept: LiveArrays[] = [];

  /** The memory of a new copy. That of the one before is used again where all of it was written, and its bytes are stored; else it is left to the collector. */
  begin(): CopyMemory {
    this.#last = new CopyMemory(this.#last, this.#kept);
    return this.#last;
  }
}

/** The memory of one copy. */
export class CopyMemory implements ArrayPool {
  /** All parts were written. */
  isOver = false;
  /** Their bytes are stored. */
  isFree = false;
  readonly #taken: Float64Array[] = [];
  readonly #spare: Map<number, Float64Array[]>;
  readonly #kept: LiveArrays[];
  #room: Uint8Array | undefined;
  /** Bytes of parts, all of them. */
  #length = 0;
  /** Where room is free. */
  #at = 0;
  readonly #expected: number;

  constructor(before: CopyMemory | undefined, kept: LiveArrays[]) {
    this.#spare = Map.groupBy(before !== undefined && before.isOver ? before.#taken : [], ({ length }) => length);
    this.#kept = kept;
    this.#room = before !== undefined && before.isFree ? before.#room : undefined;
    this.#expected = before === undefined ? 0 : before.#length;
  }

  take(length: number): Float64Array {
    const array = this.#spare.get(length)?.pop() ?? new Float64Array(length);
    this.#taken.push(array);
    return array;
  }

  takeBlock(columns: number): LiveArrays {
    return this.#kept.pop() ?? { groups: new Uint8Array(blockLength), columns: Array.from({ length: columns }, () => new Float64Array(blockLength)) };
  }

  giveBlocks(blocks: readonly LiveArrays[]): void {
    this.#kept.push(...blocks.slice(0, maxKept - this.#kept.length));
  }

  /** Room for the bytes of a part, behind those of the part before: whoever stores parts together finds them together. */
  room(mostBytes: number): Uint8Array {
    if (this.#expected + mostBytes < leastKept) return new Uint8Array(mostBytes);
    if (this.#room === undefined || this.#room.length - this.#at < mostBytes) {
      this.#room = new Uint8Array(Math.max(mostBytes, this.#expected + (this.#expected >> 3) - this.#length));
      this.#at = 0;
    }
    return this.#room.subarray(this.#at, this.#at + mostBytes);
  }

  /** A part has so many bytes. */
  use(bytes: Uint8Array): Uint8Array {
    this.#length += bytes.length;
    if (this.#room !== undefined && bytes.buffer === this.#room.buffer) this.#at += bytes.length;
    return bytes;
  }
}

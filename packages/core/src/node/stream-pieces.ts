// What a stream reads, piece by piece: for standard input, whose pieces may be small and many.
//   Node's own iterator takes several turns and promises for each piece, and hands on no two at once.
import type { Readable } from "node:stream";
import { StreamFlowError } from "../errors.ts";

/** While more bytes than this wait to be taken, the stream is paused. */
const mostWaiting = 1 << 16;

/**
 * Iterates over what a stream reads; what arrived since the last piece was taken is one piece. The stream flows from the first `next` on, and is
 * destroyed by `return`.
 *
 * @throws {@link StreamFlowError} SF_SOURCE_FAILED from `next`, where the stream was closed before its end
 */
export function streamPieces(stream: Readable): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => new Pieces(stream) };
}

interface Asker {
  readonly resolve: (result: IteratorResult<Uint8Array>) => void;
  readonly reject: (error: unknown) => void;
}

class Pieces implements AsyncIterator<Uint8Array> {
  readonly #stream: Readable;
  #flows = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  /** Nothing comes behind what waits. */
  #end: { readonly error?: unknown } | undefined;
  #asker: Asker | undefined;

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (!this.#flows) this.#begin();
    return new Promise((resolve, reject) => {
      this.#asker = { resolve, reject };
      this.#answer();
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#flows = true;
    this.#finish({});
    this.#waiting = [];
    this.#stream.off("data", this.#take).destroy();
    return Promise.resolve({ done: true, value: undefined });
  }

  #begin(): void {
    this.#flows = true;
    const stream = this.#stream;
    stream.on("error", (error) => this.#finish({ error })).on("end", () => this.#finish({})).on("close", () => this.#closed());
    if (stream.readableEnded) this.#finish({});
    else if (stream.destroyed) this.#closed();
    else stream.on("data", this.#take);
  }

  readonly #take = (bytes: Uint8Array): void => {
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#answer();
    if (this.#waitingBytes >= mostWaiting) this.#stream.pause();
  };

  #closed(): void {
    this.#finish({ error: this.#stream.errored ?? new StreamFlowError("SF_SOURCE_FAILED", "a stream was closed before its end") });
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end ??= end;
    this.#answer();
  }

  #answer(): void {
    const asker = this.#asker;
    if (asker === undefined || (this.#waiting.length === 0 && this.#end === undefined)) return;
    this.#asker = undefined;
    if (this.#waiting.length > 0) asker.resolve({ done: false, value: this.#taken() });
    else if (this.#end?.error === undefined) asker.resolve({ done: true, value: undefined });
    else asker.reject(this.#end.error);
  }

  #taken(): Uint8Array {
    const waiting = this.#waiting;
    this.#waiting = [];
    if (this.#waitingBytes >= mostWaiting) this.#stream.resume();
    this.#waitingBytes = 0;
    return waiting.length === 1 ? waiting[0]! : Buffer.concat(waiting);
  }
}

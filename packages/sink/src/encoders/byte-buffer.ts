// A growing buffer that encoders write to and sinks write from.
import type { ByteWriter } from "@streamflow/core";

const firstBytes = 16 * 1024;
/** Longer texts are not gathered first. */
const mostGathered = 64 * 1024;

/** Bytes in order. Texts are gathered and turned into UTF-8 together, which is several times faster than one by one. */
export class ByteBuffer implements ByteWriter {
  #bytes: Buffer = Buffer.allocUnsafe(firstBytes);
  #length = 0;
  #text = "";

  text(text: string): void {
    this.#text += text;
    if (this.#text.length > mostGathered) this.#settle();
  }

  bytes(bytes: Uint8Array): void {
    this.#settle();
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Bytes held. Asking after every record is slow. */
  get length(): number {
    this.#settle();
    return this.#length;
  }

  /** Bytes held, at least; at most three times as many. Cheap. */
  get leastLength(): number {
    return this.#length + this.#text.length;
  }

  /** What is held: a view that is valid until the next write. */
  view(): Uint8Array {
    this.#settle();
    return this.#bytes.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
    this.#text = "";
  }

  #settle(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    // UTF-8 takes at most three bytes for each unit of a JavaScript string.
    this.#room(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, "utf8");
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

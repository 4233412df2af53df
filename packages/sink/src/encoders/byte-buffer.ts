// A growing buffer that encoders write to and sinks write from.
import type { ByteWriter } from "@streamflow/core";

const firstBytes = 16 * 1024;
/** Longer texts are not gathered first. */
const mostGathered = 64 * 1024;
/** Four-byte stores may reach this far behind what was reserved. */
const margin = 8;

/**
 * Bytes in order. Texts are gathered and turned into UTF-8 together, which is several times faster than one by one; whoever makes
 * the bytes itself reserves room, fills `area` from `at` on, and raises `at`.
 */
export class ByteBuffer implements ByteWriter {
  /** Holds what is held up to `at`; another one after each call of a method. */
  area: Buffer = Buffer.allocUnsafeSlow(firstBytes);
  /** Over the same bytes as `area`. */
  data: DataView = new DataView(this.area.buffer);
  /** Right behind `reserve`, and until `text` is called. */
  at = 0;
  #text = "";

  text(text: string): void {
    this.#text += text;
    if (this.#text.length > mostGathered) this.#settle();
  }

  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.area.set(bytes, this.at);
    this.at += bytes.length;
  }

  /** Makes room for so many bytes behind `at`. */
  reserve(count: number): void {
    if (this.#text !== "") this.#settle();
    if (this.at + count + margin > this.area.length) this.#grow(count);
  }

  /** Bytes held. Asking after every record is slow. */
  get length(): number {
    this.#settle();
    return this.at;
  }

  /** Bytes held, at least; at most three times as many. Cheap. */
  get leastLength(): number {
    return this.at + this.#text.length;
  }

  /** What is held: a view that is valid until the next write. */
  view(): Uint8Array {
    this.#settle();
    return this.area.subarray(0, this.at);
  }

  clear(): void {
    this.at = 0;
    this.#text = "";
  }

  #settle(): void {
    if (this.#text === "") return;
    const text = this.#text;
    this.#text = "";
    // UTF-8 takes at most three bytes for each unit of a JavaScript string.
    this.reserve(text.length * 3);
    this.at += this.area.write(text, this.at, "utf8");
  }

  #grow(count: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(this.area.length * 2, this.at + count + margin));
    this.area.copy(grown, 0, 0, this.at);
    this.area = grown;
    this.data = new DataView(grown.buffer);
  }
}

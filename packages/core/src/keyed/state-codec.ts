// Values in a compact, self-contained binary form: what checkpoints hold.
import type { Serializer, StateInput, StateOutput } from "../contracts/operator.ts";
import { StreamFlowError } from "../errors.ts";

const tag = { null: 0, false: 1, true: 2, float: 3, int: 4, string: 5, bytes: 6, list: 7, object: 8, map: 9, bigint: 10, undefined: 11 } as const;
const maxDepth = 1_000;

/** Appends values to a growing buffer. */
export class StateWriter implements StateOutput {
  #bytes: Buffer = Buffer.allocUnsafe(4096);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A copy of what was written so far. */
  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.subarray(0, this.#length));
  }

  number(value: number): void {
    if (Number.isInteger(value) && value >= -0x8000_0000 && value <= 0x7fff_ffff && !Object.is(value, -0)) {
      this.#room(5);
      this.#bytes[this.#length] = tag.int;
      this.#bytes.writeInt32LE(value, this.#length + 1);
      this.#length += 5;
      return;
    }
    this.#room(9);
    this.#bytes[this.#length] = tag.float;
    this.#bytes.writeDoubleLE(value, this.#length + 1);
    this.#length += 9;
  }

  value(value: unknown): void {
    this.#value(value, 0);
  }

  /** Opens a frame: what is written until `endFrame` can be skipped, or taken apart, by a reader that does not know it. */
  beginFrame(): number {
    this.#room(4);
    this.#length += 4;
    return this.#length;
  }

  /** @param start what `beginFrame` answered */
  endFrame(start: number): void {
    this.#bytes.writeUInt32LE(this.#length - start, start - 4);
  }

  #value(value: unknown, depth: number): void {
    if (typeof value === "number") return this.number(value);
    if (typeof value === "string") return this.#string(tag.string, value);
    if (value === null) return this.#byte(tag.null);
    if (value === undefined) return this.#byte(tag.undefined);
    if (typeof value === "boolean") return this.#byte(value ? tag.true : tag.false);
    if (typeof value === "bigint") return this.#string(tag.bigint, value.toString());
    if (depth >= maxDepth) throw new StreamFlowError("SF_CODEC_ENCODE", `a state value is nested deeper than ${maxDepth}`);
    if (value instanceof Uint8Array) return this.#raw(value);
    if (Array.isArray(value)) {
      this.#count(tag.list, value.length);
      for (const item of value) this.#value(item, depth + 1);
      return;
    }
    if (value instanceof Map) {
      this.#count(tag.map, value.size);
      for (const [key, item] of value) {
        this.#value(key, depth + 1);
        this.#value(item, depth + 1);
      }
      return;
    }
    if (typeof value === "object") return this.#object(value, depth);
    throw new StreamFlowError("SF_CODEC_ENCODE", `a ${typeof value} cannot be kept in state`, { hint: "keep plain data: null, booleans, numbers, bigints, strings, bytes, arrays, objects, Maps" });
  }

  #object(value: object, depth: number): void {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      const name = value.constructor.name || "a class instance";
      throw new StreamFlowError("SF_CODEC_ENCODE", `an instance of ${name} cannot be kept in state`, { hint: "keep plain data, or give the state a serializer" });
    }
    const names = Object.keys(value);
    this.#count(tag.object, names.length);
    for (const name of names) {
      this.#string(tag.string, name);
      this.#value((value as Record<string, unknown>)[name], depth + 1);
    }
  }

  #byte(byte: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = byte;
  }

  #count(kind: number, count: number): void {
    this.#room(5);
    this.#bytes[this.#length] = kind;
    this.#bytes.writeUInt32LE(count, this.#length + 1);
    this.#length += 5;
  }

  #string(kind: number, text: string): void {
    // A lone surrogate has no UTF-8: such a string is kept as UTF-16.
    const wellFormed = text.isWellFormed();
    const encoding = wellFormed ? "utf8" : "utf16le";
    const size = Buffer.byteLength(text, encoding);
    this.#room(6 + size);
    this.#bytes[this.#length] = kind;
    this.#bytes[this.#length + 1] = wellFormed ? 0 : 1;
    this.#bytes.writeUInt32LE(size, this.#length + 2);
    this.#bytes.write(text, this.#length + 6, size, encoding);
    this.#length += 6 + size;
  }

  #raw(bytes: Uint8Array): void {
    this.#count(tag.bytes, bytes.length);
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
    this.#bytes.copy(grown, 0, 0, this.#length);
    this.#bytes = grown;
  }
}

/** Reads values back in the order they were written. */
export class StateReader implements StateInput {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** Everything in the next frame, for a reader of its own. */
  frame(): StateReader {
    const count = this.#count();
    const start = this.#need(count);
    return new StateReader(this.#bytes.subarray(start, start + count));
  }

  number(): number {
    const value = this.value();
    if (typeof value !== "number") throw corrupt("a number was expected");
    return value;
  }

  value(): unknown {
    const kind = this.#bytes[this.#need(1)];
    switch (kind) {
      case tag.null: return null;
      case tag.undefined: return undefined;
      case tag.false: return false;
      case tag.true: return true;
      case tag.int: return this.#bytes.readInt32LE(this.#need(4));
      case tag.float: return this.#bytes.readDoubleLE(this.#need(8));
      case tag.string: return this.#string();
      case tag.bigint: return BigInt(this.#string());
      case tag.bytes: {
        const count = this.#count();
        const start = this.#need(count);
        return new Uint8Array(this.#bytes.subarray(start, start + count));
      }
      case tag.list: return Array.from({ length: this.#count() }, () => this.value());
      case tag.map: return new Map(Array.from({ length: this.#count() }, () => [this.value(), this.value()] as const));
      case tag.object: return this.#object();
      default: throw corrupt(`unknown tag ${String(kind)}`);
    }
  }

  #object(): unknown {
    const count = this.#count();
    const object: Record<string, unknown> = {};
    for (let i = 0; i < count; i++) {
      const name = this.value() as string;
      const value = this.value();
      if (name === "__proto__") Object.defineProperty(object, name, { value, enumerable: true, writable: true, configurable: true });
      else object[name] = value;
    }
    return object;
  }

  #string(): string {
    const wide = this.#bytes[this.#need(1)] === 1;
    const count = this.#count();
    const start = this.#need(count);
    const bytes = this.#bytes.subarray(start, start + count);
    return bytes.toString(wide ? "utf16le" : "utf8");
  }

  #count(): number {
    return this.#bytes.readUInt32LE(this.#need(4));
  }

  #need(count: number): number {
    const start = this.#at;
    if (start + count > this.#bytes.length) throw corrupt("the bytes end too early");
    this.#at = start + count;
    return start;
  }
}

function corrupt(what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `stored state cannot be read: ${what}`);
}

/** Keeps any plain value (see {@link StateOutput.value}). */
export function plainSerializer<V>(): Serializer<V> {
  return { name: "plain", version: 1, write: (value, out) => out.value(value), read: (from) => from.value() as V };
}

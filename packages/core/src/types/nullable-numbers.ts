// Numbers of a column, of which some may be null.
import type { Column } from "../record.ts";

/** Takes numbers and nulls by index. */
export class NullableNumbers {
  values: Float64Array;
  /** 1 where there is a number; what `values` has elsewhere means nothing. */
  valid: Uint8Array;

  /** Over arrays of one length. */
  constructor(values: Float64Array, valid: Uint8Array) {
    this.values = values;
    this.valid = valid;
  }

  /** Value `index` is a number, or none. */
  put(index: number, value: unknown): void {
    if (typeof value === "number") this.values[index] = value;
    this.valid[index] = typeof value === "number" ? 1 : 0;
  }

  /** The first `length` values as a column, until they change. */
  column(name: string, length: number): Column {
    return { name, values: this.values.subarray(0, length), valid: this.valid.subarray(0, length) };
  }

  /** Makes room for so many values. */
  grow(capacity: number): void {
    const { values, valid } = this;
    this.values = new Float64Array(capacity);
    this.valid = new Uint8Array(capacity);
    this.values.set(values);
    this.valid.set(valid);
  }
}

// Values as text, for concat and toString.
import { describeValue } from "../../types/value-path.ts";
import { failed } from "../expression-runtime.ts";

/** The text of a scalar: numbers shortest, -0 as "0", int64 in full, bytes in base64. */
export function textOf(value: unknown, name: string): string {
  switch (typeof value) {
    case "string": return value;
    case "number":
    case "bigint":
    case "boolean": return String(value);
    default:
      if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString("base64");
      throw failed(`${name}: ${describeValue(value)} has no text`);
  }
}

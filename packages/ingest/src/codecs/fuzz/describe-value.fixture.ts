// A text that two values share only if they are the same to everyone who looks: own `__proto__`, order of fields, sign of zero and lone surrogates included.

/** Describes a value. */
export function describeValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : String(value);
  if (Array.isArray(value)) return `[${value.map((item) => describeValue(item)).join()}]`;
  if (value instanceof Map) return `Map[${[...value].map((pair) => describeValue(pair)).join()}]`;
  if (value instanceof Uint8Array) return `bytes ${Buffer.from(value).toString("hex")}`;
  const fields = Object.keys(value).map((name) => `${JSON.stringify(name)}:${describeValue((value as Readonly<Record<string, unknown>>)[name])}`);
  return `{${fields.join()}}${Object.getPrototypeOf(value) === Object.prototype ? "" : "!prototype"}`;
}

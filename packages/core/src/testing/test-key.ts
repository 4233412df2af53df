// Key equality for tests that run without an engine.

/** The canonical form of a key: equal keys give identical strings. NaN equals NaN, −0 equals 0, fields are compared in order of name. */
export function testKey(key: unknown): string {
  if (key === null || key === undefined) return "null";
  if (typeof key === "number") return `number ${key === 0 ? 0 : key}`;
  if (key instanceof Uint8Array) return `bytes ${key.join()}`;
  if (Array.isArray(key)) return `[${key.map(testKey).join(", ")}]`;
  if (typeof key !== "object") return `${typeof key} ${JSON.stringify(String(key))}`;
  const fields = Object.entries(key).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, value]) => `${JSON.stringify(name)}: ${testKey(value)}`).join(", ")}}`;
}

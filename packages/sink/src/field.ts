// Reads a named field of a record.

/** Makes the reader of a field; a field that a record lacks is undefined, whatever every object inherits. */
export function fieldReader(name: string): (record: Readonly<Record<string, unknown>>) => unknown {
  if (name in Object.prototype) return (record) => (Object.hasOwn(record, name) ? record[name] : undefined);
  return (record) => record[name];
}

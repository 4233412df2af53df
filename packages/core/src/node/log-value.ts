// Turns anything that is logged into plain JSON values, without ever throwing.
import { StreamFlowError } from "../errors.ts";

const deepest = 6;
const longestList = 100;
const unreadable = "[unreadable]";

/** A JSON value that shows `value`: bounded in depth and length, with circles cut and every string passed through `clean`. */
export function logValue(value: unknown, clean: (text: string) => string, above: readonly object[] = []): unknown {
  switch (typeof value) {
    case "string":
      return clean(value);
    case "bigint":
      return String(value);
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "function":
    case "symbol":
      return clean(String(value).split("\n", 1)[0] ?? "");
    case "object":
      return value === null ? null : logObject(value, clean, above);
    case "boolean":
    case "undefined":
      return value;
  }
}

function logObject(value: object, clean: (text: string) => string, above: readonly object[]): unknown {
  if (above.includes(value)) return "[circular]";
  if (above.length >= deepest) return "[deep]";
  const path = [...above, value];
  const inner = (item: unknown): unknown => logValue(item, clean, path);
  try {
    if (value instanceof Error) return errorFields(value, inner);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
    if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
    if (value instanceof Map) return logObject(Object.fromEntries([...value].map(([k, v]) => [String(k), v as unknown])), clean, above);
    if (Array.isArray(value) || value instanceof Set) return cut([...(value as Iterable<unknown>)], inner);
    return plainFields(value as Readonly<Record<string, unknown>>, clean, inner);
  } catch {
    return unreadable;
  }
}

/** The fields of a log line as {@link logValue} shows them. What cannot be read at all is one field that says so. */
export function logFields(fields: Readonly<Record<string, unknown>>, clean: (text: string) => string): Readonly<Record<string, unknown>> {
  try {
    return plainFields(fields, clean, (item) => logValue(item, clean, [fields]));
  } catch {
    return { fields: unreadable };
  }
}

function plainFields(value: Readonly<Record<string, unknown>>, clean: (text: string) => string, inner: (item: unknown) => unknown): Readonly<Record<string, unknown>> {
  const shown = Object.keys(value).map((name) => [clean(name), shownField(value, name, inner)] as const);
  return Object.fromEntries(shown.filter(([, field]) => field !== undefined));
}

function shownField(value: Readonly<Record<string, unknown>>, name: string, inner: (item: unknown) => unknown): unknown {
  try {
    return inner(value[name]);
  } catch {
    // A getter that throws must not take the other fields with it.
    return unreadable;
  }
}

function cut(items: readonly unknown[], inner: (item: unknown) => unknown): unknown[] {
  const shown = items.slice(0, longestList).map(inner);
  return items.length > longestList ? [...shown, `[${items.length - longestList} more]`] : shown;
}

function errorFields(error: Error, inner: (item: unknown) => unknown): unknown {
  const own = StreamFlowError.is(error) ? { code: error.code, hint: error.hint, location: error.location, context: error.context } : {};
  const all = { name: error.name, ...own, message: error.message, stack: error.stack, cause: error.cause };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([name, value]) => [name, inner(value)]));
}

// Texts with {fields} of a record in them: URLs and header values.
import { isPlainObject, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";

/** A text that may differ from record to record. */
export interface Template {
  /** Whether it is the same for every record. */
  readonly isConstant: boolean;
  /** @throws StreamFlowError SF_CODEC_ENCODE for a record that it cannot be made of */
  render(value: unknown): string;
}

const place = /\{([^{}]*)\}/g;

/** Makes the template of a text; `write` makes a part of it of a field's value. @throws {@link StreamFlowError} SF_CONFIG_INVALID for an empty or open pair of braces */
export function template(text: string, what: string, write: (value: string, field: string) => string): Template {
  const names = [...text.matchAll(place)].map(([, name]) => name ?? "");
  if (names.includes("") || /[{}]/.test(text.replaceAll(place, ""))) {
    throw new StreamFlowError("SF_CONFIG_INVALID", `${what} has braces that name no field: ${JSON.stringify(text)}`, { hint: "write {field}, or {outer.inner}" });
  }
  if (names.length === 0) return { isConstant: true, render: () => text };
  const literals = text.split(place).filter((_, i) => i % 2 === 0);
  const reads = names.map(pathReader);
  return {
    isConstant: false,
    render: (value) => literals.map((literal, i) => (i === names.length ? literal : literal + write(textOf(reads[i]?.(value), names[i] ?? "", what), names[i] ?? ""))).join(""),
  };
}

/** A field inside a URL: percent-encoded; what would lead to another path is refused. */
export function inUrl(value: string, field: string): string {
  if (value === "" || value === "." || value === "..") throw new StreamFlowError("SF_CODEC_ENCODE", `field "${field}" is ${JSON.stringify(value)}, which cannot be a part of a URL`);
  return encodeURIComponent(value.toWellFormed());
}

/** A field inside a header: as it is. */
export function inHeader(value: string, field: string): string {
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) throw new StreamFlowError("SF_CODEC_ENCODE", `field "${field}" cannot be a header: it has control characters, or others beyond Latin-1`);
  return value;
}

function pathReader(path: string): (value: unknown) => unknown {
  const steps = path.split(".").map(fieldReader);
  return (value) => steps.reduce<unknown>((at, step) => (isPlainObject(at) ? step(at) : undefined), value);
}

function textOf(value: unknown, field: string, what: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new StreamFlowError("SF_CODEC_ENCODE", `${what} needs field "${field}", a text, a number or a boolean; it is ${value === undefined ? "missing" : value === null ? "null" : typeof value}`);
}

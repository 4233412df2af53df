// Texts with {fields} of a record in them: URLs, values of headers, keys.
import { isPlainObject, StreamFlowError } from "@streamflow/core";
import { fieldReader } from "../field.ts";

/** A text that may differ from record to record. */
export interface Template {
  /** Whether it is the same for every record. */
  readonly isConstant: boolean;
  /** @throws StreamFlowError SF_CODEC_ENCODE for a record that it cannot be made of */
  render(value: unknown): string;
}

const token = /\{\{|\}\}|\{([^{}]*)\}|[{}]/g;

/**
 * Makes the template of a text: `{field}` and `{outer.inner}` stand for fields, `{{` and `}}` for braces. `write` makes a part of it of a field's value.
 * @throws {@link StreamFlowError} SF_CONFIG_INVALID for braces that name no field
 */
export function template(text: string, what: string, write: (value: string, field: string) => string): Template {
  const literals: string[] = [];
  const names: string[] = [];
  let literal = "";
  let end = 0;
  for (const { 0: found, 1: name, index } of text.matchAll(token)) {
    literal += text.slice(end, index);
    end = index + found.length;
    if (found === "{{" || found === "}}") {
      literal += found.slice(1);
      continue;
    }
    if (name === undefined || name === "") throw new StreamFlowError("SF_CONFIG_INVALID", `${what} has braces that name no field: ${JSON.stringify(text)}`, { hint: "write {field} or {outer.inner}, and {{ for a brace" });
    literals.push(literal);
    names.push(name);
    literal = "";
  }
  literals.push(literal + text.slice(end));
  const reads = names.map(pathReader);
  const part = (value: unknown, i: number): string => write(textOf(reads[i]?.(value), names[i] ?? "", what), names[i] ?? "");
  return { isConstant: names.length === 0, render: (value) => literals.map((before, i) => (i === names.length ? before : before + part(value, i))).join("") };
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

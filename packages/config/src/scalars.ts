// Values without parts: strings, numbers, durations, sizes, expressions.
import { nearest, StreamFlowError, type AggregateCall, type Expression, type SourceLocation } from "@streamflow/core";
import type { TypeOf } from "./config-type.ts";
import type { ConfigNode } from "./document.ts";
import { formatDuration, parseDuration } from "./duration.ts";
import { parseAggregate, parseExpression } from "./expression.ts";
import { formatSize, parseSize } from "./size.ts";
import { invalid, nameOf, refuse, type ReadContext, type Slot } from "./slot.ts";

/** A reference may stand for a number or a boolean, as if its value had been written there. */
export function plainValue(text: string): string | number | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : text;
}

/** Reads text, or one of some words. */
export function readString(type: TypeOf<"string">, slot: Slot, context: ReadContext): unknown {
  const { node } = slot;
  // What a reference stands for may look like a number, and is still text where text is expected.
  const value = node.kind === "scalar" && (typeof node.value === "string" || node.interpolated === true) ? node.text : undefined;
  if (value === undefined) return refuse(slot, nameOf(type), context);
  if (type.oneOf === undefined || type.oneOf.includes(value)) return value;
  const near = slot.secret ? undefined : nearest(value.slice(0, 100), type.oneOf);
  return refuse(slot, nameOf(type), context, near === undefined ? undefined : `did you mean "${near}"?`);
}

/** Reads a number within its bounds. */
export function readNumber(type: TypeOf<"integer"> | TypeOf<"number">, slot: Slot, context: ReadContext): unknown {
  const { node } = slot;
  const what = type.kind === "integer" ? "an integer" : "a number";
  if (node.kind !== "scalar" || typeof node.value !== "number" || !Number.isFinite(node.value)) return refuse(slot, what, context, quotedHint(node, "number"));
  const { value } = node;
  if (type.kind === "integer" && !Number.isSafeInteger(value)) return refuse(slot, Number.isInteger(value) ? "an integer within ±2^53" : what, context);
  if (type.min !== undefined && value < type.min) return refuse(slot, `${what} of at least ${type.min}`, context);
  if (type.max !== undefined && value > type.max) return refuse(slot, `${what} of at most ${type.max}`, context);
  return value;
}

/** Reads true or false. */
export function readBoolean(slot: Slot, context: ReadContext): unknown {
  const { node } = slot;
  if (node.kind === "scalar" && typeof node.value === "boolean") return node.value;
  return refuse(slot, "true or false", context, quotedHint(node, "boolean"));
}

function quotedHint(node: ConfigNode, what: string): string | undefined {
  return node.kind === "scalar" && node.quoted && typeof plainValue(node.text) === what ? "remove the quotes" : undefined;
}

/** Reads a duration into milliseconds. */
export function readDuration({ minMs = 0 }: TypeOf<"duration">, slot: Slot, context: ReadContext): unknown {
  const { node, secret } = slot;
  if (node.kind === "scalar" && typeof node.value === "number" && node.value !== 0) {
    return refuse(slot, "a duration with a unit", context, secret ? undefined : `did you mean ${node.text}s or ${node.text}ms?`);
  }
  const parse = (text: string): number => (text === "0" ? 0 : parseDuration(text));
  return readMeasure(slot, { what: "a duration", parse, min: minMs, show: formatDuration }, context);
}

/** Reads a size into bytes. */
export function readSize({ minBytes = 0 }: TypeOf<"size">, slot: Slot, context: ReadContext): unknown {
  return readMeasure(slot, { what: "a size", parse: parseSize, min: minBytes, show: formatSize }, context);
}

interface Measure {
  readonly what: string;
  readonly parse: (text: string) => number;
  readonly min: number;
  readonly show: (value: number) => string;
}

function readMeasure(slot: Slot, { what, parse, min, show }: Measure, context: ReadContext): unknown {
  const { node } = slot;
  if (node.kind !== "scalar" || node.value === null || typeof node.value === "boolean") return refuse(slot, what, context);
  try {
    const value = parse(node.text);
    return value < min ? refuse(slot, `${what} of at least ${show(min)}`, context) : value;
  } catch (thrown) {
    return refuse(slot, what, context, StreamFlowError.is(thrown) ? thrown.hint : undefined);
  }
}

/** Reads an expression or an aggregate call; mistakes point into the text. */
export function readExpression(type: TypeOf<"expression"> | TypeOf<"aggregate">, slot: Slot, context: ReadContext): Expression | AggregateCall | typeof invalid {
  const { node, path } = slot;
  const what = type.kind === "expression" ? "an expression" : "an aggregate call";
  if (node.kind !== "scalar" || node.text.trim() === "") return refuse(slot, what, context);
  const locate = (offset: number): SourceLocation => ({ ...node.placeAt(offset), path });
  try {
    return type.kind === "expression" ? parseExpression(node.text, { locate }) : parseAggregate(node.text, { locate });
  } catch (thrown) {
    if (!StreamFlowError.is(thrown)) throw thrown;
    const { line, column } = { ...node.place, ...thrown.location };
    const place = { line, column };
    const message = slot.secret ? `${what} with a value from outside is malformed` : thrown.message;
    context.problems.addAs(thrown.code, { place, path }, { message, hint: slot.secret ? undefined : thrown.hint });
    return invalid;
  }
}

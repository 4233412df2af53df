// The record that aggregating stages emit: key fields and results by name.
import { type Field, generatedFunction, type KeyShape, mayGenerateCode, propertyName, StreamFlowError, type StructType } from "@streamflow/core";
import type { Accumulators } from "./aggregate-steps.ts";

const anyType = { type: "any", nullable: true } as const;

/** Names under which a key stands in results: those of the fields it was read from, else "key". */
export function keyNames(key: KeyShape | undefined): readonly string[] {
  return key?.fields ?? ["key"];
}

/** Whether results have the fields of the key, in place of the key itself. */
export function isStructKey(key: KeyShape | undefined): boolean {
  return key?.fields !== undefined && (key.fields.length !== 1 || key.type?.type === "struct");
}

/** Writes a key into a result record. */
export function keyWriter(shape: KeyShape | undefined): (key: unknown, into: Record<string, unknown>) => void {
  const names = keyNames(shape);
  const [single = "key"] = names;
  if (!isStructKey(shape)) return (key, into) => void (into[single] = key);
  return (key, into) => {
    for (const name of names) into[name] = (key as Record<string, unknown> | null)?.[name] ?? null;
  };
}

/** Makes a result record from accumulators, the key and up to two leading values. */
export type ResultMaker = (accumulators: Accumulators, key?: unknown, first?: unknown, second?: unknown) => Record<string, unknown>;

/** What a result record is made of besides the results. */
export interface ResultParts {
  /** Names of the leading values, at most two. @defaultValue none */
  readonly leading?: readonly string[];
  /** Where there is one, the key stands behind them. */
  readonly key?: KeyShape | undefined;
  readonly hasKey?: boolean;
}

/** Aggregates, as far as their results go. */
export interface ResultSet {
  readonly names: readonly string[];
  /** The result of each from its accumulator, in the order of the names. */
  readonly finishers: readonly ((accumulator: unknown) => unknown)[];
}

/** Makes the records of results; a result that is undefined is null. */
export function resultMaker(set: ResultSet, parts: ResultParts = {}): ResultMaker {
  const { leading = [], key, hasKey = false } = parts;
  const keys = hasKey ? keyNames(key) : [];
  const layout = { leading, keys, isStruct: isStructKey(key), names: set.names, results: set.finishers };
  return mayGenerateCode() && keys.length + set.names.length <= mostGenerated ? generatedMaker(layout) : loopedMaker(layout);
}

const mostGenerated = 200;

interface ResultLayout {
  readonly leading: readonly string[];
  readonly keys: readonly string[];
  readonly isStruct: boolean;
  readonly names: readonly string[];
  readonly results: readonly ((accumulator: unknown) => unknown)[];
}

/** All records of one literal share a hidden class. */
export function generatedMaker({ leading, keys, isStruct, names, results }: ResultLayout): ResultMaker {
  const fields = [
    ...leading.map((name, at) => `${propertyName(name)}: ${at === 0 ? "first" : "second"}`),
    ...keys.map((name) => `${propertyName(name)}: ${isStruct ? `key?.[${JSON.stringify(name)}] ?? null` : "key"}`),
    ...names.map((name, at) => `${propertyName(name)}: r${at}(accumulators[${at}]) ?? null`),
  ];
  const body = `const [${results.map((_, at) => `r${at}`).join(", ")}] = results;
return (accumulators, key, first, second) => ({ ${fields.join(", ")} });`;
  return generatedFunction(["results"], body)(results) as ResultMaker;
}

/** The same without generated code. */
export function loopedMaker({ leading, keys, isStruct, names, results }: ResultLayout): ResultMaker {
  return (accumulators, key, first, second) => {
    const entries: (readonly [name: string, value: unknown])[] = leading.map((name, at) => [name, at === 0 ? first : second]);
    for (const name of keys) entries.push([name, isStruct ? ((key as Record<string, unknown> | null)?.[name] ?? null) : key]);
    for (let at = 0; at < names.length; at++) entries.push([names[at]!, results[at]!(accumulators[at]) ?? null]);
    return Object.fromEntries(entries);
  };
}

/**
 * The type of a result record.
 * @throws {@link StreamFlowError} SF_PLAN_INVALID where two fields would have one name.
 */
export function resultSchema(leading: readonly Field[], key: KeyShape | undefined, results: readonly Field[]): StructType {
  const keyFields = keyNames(key).map((name): Field => {
    if (!isStructKey(key)) return { name, type: key?.type ?? anyType };
    const declared = key?.type?.type === "struct" ? key.type.fields.find((field) => field.name === name) : undefined;
    return declared ?? { name, type: anyType };
  });
  const fields = [...leading, ...keyFields, ...results];
  const double = fields.find((field, at) => fields.findIndex((other) => other.name === field.name) < at);
  if (double !== undefined) throw new StreamFlowError("SF_PLAN_INVALID", `two fields of the result are named "${double.name}"`, { hint: "give the result another name" });
  return { type: "struct", fields };
}

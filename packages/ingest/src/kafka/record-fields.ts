// What Kafka knows of a record besides its value, as fields of the record.
import { type Column, type DataType, type Field, type Projection, type Schema, StreamFlowError } from "@streamflow/core";
import { namedPartition } from "./consumer.ts";
import { offsetAt, type RecordBlock, type WantedParts } from "./record-block.ts";

/** What can become a field. */
export type RecordFieldName = "key" | "topic" | "partition" | "offset" | "timestamp" | "headers";

/** Names of the fields that a record gets: `{ key: "airport" }`. */
export type RecordFields = Readonly<Partial<Record<RecordFieldName, string>>>;

/** The types of the fields. */
export const recordFieldTypes: Readonly<Record<RecordFieldName, DataType>> = {
  key: { type: "string", nullable: true },
  topic: { type: "string" },
  partition: { type: "int32" },
  offset: { type: "int64" },
  timestamp: { type: "timestamp" },
  headers: { type: "map", key: { type: "string" }, value: { type: "string" } },
};

/** The schema of a record with these fields behind those of its value. @throws {@link StreamFlowError} SF_CONFIG_INVALID where a name comes twice, or the value has no fields */
export function withFields(schema: Schema | undefined, fields: RecordFields): Schema | undefined {
  const added = Object.entries(fields).map(([name, as]): Field => ({ name: as, type: recordFieldTypes[name as RecordFieldName] }));
  if (schema === undefined || added.length === 0) return schema;
  if (schema.type !== "struct") throw new StreamFlowError("SF_CONFIG_INVALID", `kafka source: fields can be added to records that have fields, not to ${schema.type}`);
  const names = [...schema.fields, ...added].map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `kafka source: two fields are called "${twice}"`, { hint: "give the field another name in fields" });
  return { ...schema, fields: [...schema.fields, ...added] };
}

/** The fields among these that a plan reads. */
export function wantedFields(fields: RecordFields, projection: Projection): RecordFields {
  if (projection === "all") return fields;
  return Object.fromEntries(Object.entries(fields).filter(([, as]) => projection.some(([first]) => first === undefined || first === as)));
}

/** What is left of a projection for the value. */
export function valueProjection(fields: RecordFields, projection: Projection): Projection {
  if (projection === "all") return projection;
  const names = new Set(Object.values(fields));
  return projection.filter(([first]) => first === undefined || !names.has(first));
}

/** Which parts of records have to be fetched for the fields. */
export function partsOf(fields: RecordFields): WantedParts {
  return { keys: fields.key !== undefined, headers: fields.headers !== undefined };
}

/** The values of one field, for the records `places` of a block. */
export function fieldValues(name: RecordFieldName, { block, partition, places }: { readonly block: RecordBlock; readonly partition: string; readonly places: Int32Array }): Column["values"] {
  if (name === "timestamp") return Float64Array.from(places, (i) => block.timestamps[i]!);
  if (name === "partition") return new Float64Array(places.length).fill(namedPartition(partition).partition);
  return Array.from(places, (i) => one(name, block, { i, partition }));
}

const utf8 = new TextDecoder("utf-8");

function one(name: RecordFieldName, block: RecordBlock, { i, partition }: { readonly i: number; readonly partition: string }): unknown {
  if (name === "topic") return namedPartition(partition).topic;
  if (name === "offset") return offsetAt(block, i);
  if (name === "headers") return new Map(Object.entries(block.headersAt?.(i) ?? {}));
  const { keys } = block;
  const start = keys?.starts[i] ?? -1;
  return keys === undefined || start < 0 ? null : utf8.decode(keys.bytes.subarray(start, keys.ends[i]));
}

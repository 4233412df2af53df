// As much of the rules of Avro as the suite of schema registries uses: records of one level.
import type { SchemaRules, SchemaText } from "../contracts/schema-registry.ts";
import { StreamFlowError } from "../errors.ts";

interface RecordSchema {
  readonly fields?: readonly { readonly name: string; readonly default?: unknown }[];
}

export const fewAvroRules: SchemaRules = {
  canonical(schema) {
    return JSON.stringify(parse(schema));
  },
  problems(reader, writer) {
    const written = new Set(parse(writer).fields?.map(({ name }) => name));
    return (parse(reader).fields ?? []).flatMap((field, i) => (written.has(field.name) || field.default !== undefined ? [] : [`/fields/${i}: the reader has no default for "${field.name}"`]));
  },
};

function parse({ format, text }: SchemaText): RecordSchema {
  try {
    return JSON.parse(text) as RecordSchema;
  } catch (cause) {
    throw new StreamFlowError("SF_SCHEMA_INVALID", `the text is no ${format} schema`, { cause });
  }
}

// Rows under a schema, as the clause SRC-14 has them read, and whether what is delivered is of it.
import assert from "node:assert/strict";
import type { Environment } from "../../contracts/environment.ts";
import type { Source } from "../../contracts/source.ts";
import type { Batch } from "../../record.ts";
import type { Schema } from "../../schema.ts";
import { conform } from "../../types/conform.ts";
import { range } from "./store-trial.ts";

/** Rows to be read under a schema, and those of them that are none of it. */
export interface TypedRows {
  /** A struct. */
  readonly schema: Schema;
  /** Rows in one partition, in order: fields by name, as JavaScript values of the schema, but for one value that is none where `fault` says so. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** What is wrong, where anything is: `int32: a fraction`. */
  readonly fault: string | undefined;
}

/** A source on typed rows, and what it is opened in. */
export interface TypedSource {
  readonly source: Source;
  /** @defaultValue a new `testEnvironment` */
  readonly environment?: Environment;
}

/** Checks a batch of a source that declares a schema. */
export function checkTypes({ values, columns, length }: Batch, schema: Schema): void {
  const all = range(length);
  if (values !== undefined) for (const i of all) conforms(values[i], schema, `row ${i}`);
  for (const column of columns ?? []) {
    const field = schema.type === "struct" ? schema.fields.find(({ name }) => name === column.name) : undefined;
    if (field !== undefined) for (const i of all) conforms(column.values[i], field.type, `column "${column.name}", row ${i}`);
  }
}

function conforms(value: unknown, type: Schema, where: string): void {
  try {
    conform(value, type);
  } catch (thrown) {
    assert.fail(`SRC-14: ${where} is no value of the declared schema: ${(thrown as Error).message}`);
  }
}

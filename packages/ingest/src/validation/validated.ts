// Any source, with its records checked against a JSON Schema.
import { StreamFlowError, toJson, type PollResult, type Schema, type Source, type SourceSession } from "@streamflow/core";
import { jsonSchemaCheck, type JsonSchemaCheck, type JsonSchemaOptions } from "./json-schema.ts";
import type { JsonSchema } from "./prepare-schema.ts";
import { rejectWhere } from "./reject-where.ts";

/**
 * Wraps a source so that records which do not satisfy a JSON Schema are rejected, with the path and the rule.
 *
 * Whole records are checked, so the source delivers all fields, whatever the plan reads. Order, positions and partitions stay the source's.
 *
 * @throws {@link StreamFlowError} SF_SCHEMA_INVALID for an unusable schema. Records are rejected with SF_SCHEMA_VIOLATION; its context holds `path` and `rule`.
 */
export function validated<Out>(source: Source<Out>, jsonSchema: JsonSchema, options: JsonSchemaOptions = {}): Source<Out> {
  const check = jsonSchemaCheck(jsonSchema, options);
  return {
    type: source.type,
    // It is asked for whole records, as rows: one thread reads them.
    capabilities: source.capabilities.parallel === true ? { ...source.capabilities, parallel: false } : source.capabilities,
    config: { ...source.config, jsonSchema },
    ...(source.schema === undefined ? {} : { schema: source.schema }),
    open: async (context) => new ValidatedSession(await source.open({ ...context, projection: "all", columns: false }), check, { schema: source.schema, maxBytes: context.maxRejectedBytes }),
  };
}

class ValidatedSession implements SourceSession {
  readonly #session: SourceSession;
  readonly #check: JsonSchemaCheck;
  readonly #options: { readonly schema: Schema | undefined; readonly maxBytes: number };

  constructor(session: SourceSession, check: JsonSchemaCheck, options: { readonly schema: Schema | undefined; readonly maxBytes: number }) {
    this.#session = session;
    this.#check = check;
    this.#options = options;
  }

  poll(...request: Parameters<SourceSession["poll"]>): PollResult {
    const result = this.#session.poll(...request);
    return result === "idle" || result === "end" ? result : rejectWhere(result, (value) => this.#problem(value), this.#options.maxBytes);
  }

  #problem(value: unknown): StreamFlowError | undefined {
    const { schema } = this.#options;
    const violation = this.#check(schema === undefined ? value : toJson(value, schema));
    if (violation === undefined) return undefined;
    const { path, rule, message } = violation;
    return new StreamFlowError("SF_SCHEMA_VIOLATION", `${path === "" ? "the record" : path} breaks "${rule}": ${message}`, { ...(path === "" ? {} : { location: { path } }), context: { path, rule } });
  }

  ready(): Promise<void> {
    return this.#session.ready();
  }
  committed(positions: ReadonlyMap<string, string>): void | Promise<void> {
    return this.#session.committed?.(positions);
  }
  progress(): number | undefined {
    return this.#session.progress?.();
  }
  close(): Promise<void> {
    return this.#session.close();
  }
}

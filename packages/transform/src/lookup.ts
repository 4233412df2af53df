// lookup: enriches records from a bounded source that is read whole before the first record.
import type { ComponentReference, ComponentSpec, Compute, DataType, Operator, OperatorContext, OperatorDefinition, OperatorLoader, Schema, Source, Stage } from "@streamflow/core";
import { canonicalKey, hashText, plainOf, StreamFlowError } from "@streamflow/core";
import { compute, type Computed, failure, isPure, refusePromise } from "./compute.ts";
import { type FieldSetter, fieldSetter } from "./record-maker.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link lookup} as data. */
export interface LookupConfig {
  readonly source: Source;
  readonly sourceKey: Compute;
  readonly key: Compute;
  readonly as?: string;
  readonly select?: (record: never, found: never) => unknown;
  readonly required?: boolean;
  readonly onChange?: "warn" | "refuse";
}

/** Options of {@link lookup}. */
export interface LookupOptions<In, Row, Name extends string, Out> extends StageOptions {
  /** A bounded source. All of its rows are held in memory. */
  readonly source: Source<Row>;
  /** The key of a row. Of rows with one key the last one read counts; rows without a key are left out. */
  readonly sourceKey: Compute<Row>;
  /** The key to look up for a record. Null finds nothing. */
  readonly key: Compute<In>;
  /** Name of the field that the found row is added under. @defaultValue "match" */
  readonly as?: Name;
  /** Makes the output instead. */
  readonly select?: (record: In, found: Row | null) => Out;
  /** Rejects records that find nothing, instead of giving them null. @defaultValue false */
  readonly required?: boolean;
  /**
   * What happens when the rows are not those of the checkpoint that the pipeline resumes from: `warn` says so in the log and goes on, so that
   * records that are processed again may come out differently; `refuse` does not start.
   * @defaultValue "warn"
   */
  readonly onChange?: "warn" | "refuse";
}

/**
 * Adds to each record the row of another, bounded source that has the same key, or null. The rows are read once, before the first record.
 *
 * @throws {@link StreamFlowError} SF_PLAN_INVALID, when the stage is added, for an unbounded source; SF_STATE_INCOMPATIBLE, on restore, for changed
 * rows with `onChange: "refuse"`.
 * @example
 * ```ts
 * import type { Source } from "@streamflow/core";
 *
 * declare const airlines: Source<{ code: string; name: string }>;
 * lookup({ source: airlines, sourceKey: (row) => row.code, key: (flight: { carrier: string }) => flight.carrier, as: "airline" });
 * ```
 */
export function lookup<In, Row, Name extends string = "match", Out = In & { readonly [K in Name]: Row | null }>(options: LookupOptions<In, Row, Name, Out>): Stage<In, Out> {
  const { id, ...config } = options;
  return stageOf(lookupOperator, config as LookupConfig, id === undefined ? {} : { id });
}

/** What `lookup` stages run. */
export const lookupOperator: OperatorDefinition<LookupConfig> = {
  type: "lookup",
  shape(config, [input = unknownShape], { functions }) {
    const { source, as = "match", select, onChange = "warn" } = config;
    if (!source.capabilities.bounded) throw new StreamFlowError("SF_PLAN_INVALID", `lookup needs a bounded source, and "${source.type}" never ends`, { hint: "read the rows from a bounded source, or join the two streams with streamJoin or windowJoin" });
    compute(config.sourceKey, source.schema, functions);
    compute(config.key, input.schema, functions);
    return {
      outputs: { main: { ...input, schema: select === undefined ? withField(input.schema, as, source.schema) : undefined } },
      reads: ["all"],
      forwards: false,
      // Rows that may differ after a restart give other results for the same records.
      deterministic: onChange === "refuse" && isPure(config.key, functions) && isPure(config.sourceKey, functions),
      stateful: false,
      summary: `lookup in ${source.type}`,
    };
  },
  create: (config, context) => new Lookup(config, context),
};

function withField(schema: Schema | undefined, name: string, row: Schema | undefined): Schema | undefined {
  if (schema?.type !== "struct") return undefined;
  const type: DataType = { ...(row ?? { type: "any" }), nullable: true };
  return { ...schema, fields: [...schema.fields.filter((field) => field.name !== name), { name, type }] };
}

class Lookup implements Operator {
  readonly inputs: readonly ((record: unknown) => void)[];
  readonly #config: LookupConfig;
  readonly #context: OperatorContext;
  readonly #what: string;
  readonly #key: Computed;
  readonly #withMatch: FieldSetter;
  readonly #rows = new Map<unknown, unknown>();

  constructor(config: LookupConfig, context: OperatorContext) {
    this.#config = config;
    this.#context = context;
    this.#what = `lookup "${context.node}"`;
    this.#key = compute(config.key, context.inputShapes[0]?.schema, context.functions);
    this.#withMatch = fieldSetter(config.as ?? "match");
    this.inputs = [(record) => this.#push(record)];
  }

  async open(loader: OperatorLoader): Promise<void> {
    const { source, sourceKey } = this.#config;
    const { evaluate } = compute(sourceKey, source.schema, this.#context.functions);
    const version = new ContentVersion();
    await loader.readAll(source, (row) => {
      version.add(row);
      const key = canonicalKey(evaluate(row));
      if (key !== null) this.#rows.set(key, row);
    });
    this.#compare(version.text, loader.storedVersion);
    loader.keepVersion(version.text);
  }

  /** @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE */
  #compare(version: string, stored: string | undefined): void {
    if (stored === undefined || stored === version) return;
    const { node, logger } = this.#context;
    const message = `the rows of lookup "${node}" have changed since the checkpoint`;
    if (this.#config.onChange === "refuse") {
      throw new StreamFlowError("SF_STATE_INCOMPATIBLE", message, { hint: 'restore the source, or set onChange to "warn"', context: { stored, version } });
    }
    logger.warn(message, { node, stored, version });
  }

  #push(record: unknown): void {
    const context = this.#context;
    let out: unknown;
    try {
      out = this.#enriched(record);
    } catch (thrown) {
      context.reject(failure(thrown, this.#what), record);
      return;
    }
    refusePromise(out, this.#what);
    context.emit(out);
  }

  #enriched(record: unknown): unknown {
    const { select, required } = this.#config;
    const key = canonicalKey(this.#key.evaluate(record));
    const found = key === null ? undefined : this.#rows.get(key);
    if (found === undefined && required === true) throw new StreamFlowError("SF_LOOKUP_MISSING", `${this.#what} finds nothing for ${JSON.stringify(plainOf(key))}`);
    if (select !== undefined) return select(record as never, (found ?? null) as never);
    return this.#withMatch(record as object, found ?? null);
  }
}

/** A version of a set of rows, whatever the order they were read in. */
class ContentVersion {
  #count = 0;
  #sum = 0n;

  add(row: unknown): void {
    this.#count++;
    this.#sum = BigInt.asUintN(64, this.#sum + BigInt(`0x${hashText(JSON.stringify(plainOf(row)))}`));
  }

  get text(): string {
    return `${this.#count}-${this.#sum.toString(16)}`;
  }
}

/** `lookup` in YAML. */
export const lookupSpec: ComponentSpec<"stage"> = stageSpec({
  type: "lookup",
  // What YAML gives is the name and the fields of the source: it is made here.
  config: (parsed, context) => {
    const { type, config } = parsed["source"] as ComponentReference;
    return { ...parsed, source: context.component("source", type, config) };
  },
  summary: "Adds to each record the row of a bounded source that has the same key.",
  fields: {
    source: { type: { kind: "component", of: "source" }, doc: "A bounded source, read whole before the first record and held in memory.", required: true },
    sourceKey: { type: { kind: "expression" }, doc: "The key of a row. Of rows with one key the last one read counts.", required: true },
    key: { type: { kind: "expression" }, doc: "The key to look up for a record. Null finds nothing.", required: true },
    as: { type: { kind: "string" }, doc: "Name of the field that the found row is added under; null where there is none.", default: "match" },
    required: { type: { kind: "boolean" }, doc: "Rejects records that find nothing.", default: false },
    onChange: { type: { kind: "string", oneOf: ["warn", "refuse"] }, doc: "What happens when the rows have changed since the checkpoint that the pipeline resumes from.", default: "warn" },
  },
  example: "type: lookup\nsource:\n  type: file\n  path: airlines.csv\nsourceKey: code\nkey: carrier\nas: airline",
});

// keyBy: says what belongs together.
import type { ComponentSpec, Compute, DataType, Expression, KeyShape, OperatorDefinition, RecordCode, Schema, Stage, TaskCode } from "@streamflow/core";
import { canonicalKey, computeCode, isExpression, programBeside, StreamFlowError } from "@streamflow/core";
import { compute, type Computed, failure, isPure, readsOf, refusePromise } from "./compute.ts";
import { type StageOptions, stageOf, stageSpec, unknownShape } from "./operator-stage.ts";

/** Configuration of {@link keyBy} as data: one computation, or several that make a struct. */
export interface KeyByConfig {
  readonly key: Compute | readonly Compute[];
  readonly coPartitioned?: boolean;
}

/** Options of {@link keyBy}. */
export interface KeyByOptions extends StageOptions {
  /**
   * All records of a key are in one input partition, so that no exchange is needed. Checked on the data by the engine.
   * @defaultValue false
   */
  readonly coPartitioned?: boolean;
}

/** What a record may be keyed by: field names, or a computation. */
export type KeyOf<In, Key> = Compute<In, Key> | FieldName<In> | readonly FieldName<In>[];

/** A field of a record; any name where nothing is known of the record. */
export type FieldName<In> = unknown extends In ? string : keyof In & string;

/**
 * Gives each record a key: a field's value, a struct of several fields, or what a computation answers.
 *
 * The record stays as it is. A missing field reads as null, and null is a key like any other (equal to itself alone); NaN equals NaN and −0
 * equals 0. Booleans, numbers, bigints, strings, bytes, and lists and structs of these can be keys; a record with another key is rejected.
 *
 * @throws {@link StreamFlowError} SF_KEY_INVALID, when the stage is added, where the type of the key is known and cannot be one.
 * @example
 * ```ts
 * interface Flight {
 *   readonly carrier: string;
 *   readonly origin: string;
 *   readonly miles: number;
 * }
 * keyBy<Flight>("carrier");
 * keyBy<Flight>(["carrier", "origin"]);
 * keyBy((flight: Flight) => flight.miles > 1_000);
 * ```
 */
export function keyBy<In, Key = unknown>(key: KeyOf<In, Key>, options: KeyByOptions = {}): Stage<In, In> {
  const { coPartitioned, ...rest } = options;
  const parts: KeyByConfig["key"] = Array.isArray(key) ? key.map((part: string) => fieldNamed(part)) : typeof key === "string" ? fieldNamed(key) : (key as Compute);
  return stageOf(keyByOperator, { key: parts, ...(coPartitioned === undefined ? {} : { coPartitioned }) }, rest);
}

function fieldNamed(name: string): Expression {
  return { kind: "field", path: [name] };
}

/** Characters of a text that is within the bound of keys, whatever they are. */
const alwaysFits = 16_384;

/** What `keyBy` stages run. */
export const keyByOperator: OperatorDefinition<KeyByConfig> = {
  type: "keyBy",
  threads: () => programBeside("thread-operators", import.meta.url),
  shape(config, [input = unknownShape], { functions }) {
    const { key, computed } = compileKey(config, input.schema, functions);
    return {
      outputs: { main: { ...input, key } },
      reads: [readsOf(...computed)],
      forwards: true,
      deterministic: isPure(config.key, functions),
      stateful: false,
      summary: `keyBy ${key.fields?.join(", ") ?? "a computed key"}${key.coPartitioned ? ", co-partitioned" : ""}`,
    };
  },
  create(config, context) {
    const { evaluate, code } = compileKey(config, context.inputShapes[0]?.schema, context.functions);
    const { cursor, emit } = context;
    const what = `keyBy "${context.node}"`;
    const check = (key: unknown): unknown => {
      if (typeof key === "object" && key !== null) {
        refusePromise(key, what);
        checkKeyValue(key, what);
        canonicalKey(key);
      } else if (typeof key === "string") {
        // A key that is too large is refused here, where the record can be rejected alone.
        if (key.length > alwaysFits) canonicalKey(key);
      } else if (typeof key === "function" || typeof key === "symbol") throw badKey(typeof key, what);
      return key ?? null;
    };
    const push = (record: unknown): void => {
      let key: unknown;
      try {
        key = check(evaluate(record));
      } catch (thrown) {
        context.reject(failure(thrown, what), record);
        return;
      }
      cursor.key = key;
      emit(record);
    };
    const name = plainField(config.key);
    /** A field that is still bytes is a key as it stands: its string is made where somebody asks for it. */
    const textCode = (record: RecordCode, task: TaskCode): string | undefined => {
      const field = name === undefined ? undefined : record.field(name);
      const text = field === undefined ? undefined : task.textOf(field);
      if (field === undefined || text === undefined) return undefined;
      const isGood = task.temporary();
      const rejected = task.reject(record, `${task.bind((thrown: unknown) => failure(thrown, what))}(thrown)`);
      return `${isGood}=true;
if(!(${text.start}>=0&&${text.end}-${text.start}<=${alwaysFits}))try{${task.bind(check)}(${field});}catch(thrown){${isGood}=false;${rejected}}
if(${isGood}){${task.emit(record.under({ key: field }))}}`;
    };
    return {
      inputs: [push],
      ...(code === undefined ? {} : {
        code: (record: RecordCode, task: TaskCode): string =>
          textCode(record, task) ??
          computeCode({
            computed: code, fail: (thrown) => failure(thrown, what), check,
            quick: (key) => `typeof ${key}==="number"`,
            use: (key) => task.emit(record.under({ key })),
          }, record, task),
      }),
    };
  },
};

interface CompiledKey {
  readonly key: KeyShape;
  readonly computed: readonly Computed[];
  readonly evaluate: (record: unknown) => unknown;
  /** For generated code: where the key is one computation. */
  readonly code?: Computed;
}

function compileKey(config: KeyByConfig, schema: Schema | undefined, functions: Parameters<typeof compute>[2]): CompiledKey {
  const coPartitioned = config.coPartitioned ?? false;
  if (!Array.isArray(config.key)) return compileSingle(config.key as Compute, coPartitioned, compute(config.key, schema, functions));
  const parts = config.key as readonly Compute[];
  if (parts.length === 0) throw new StreamFlowError("SF_KEY_INVALID", "keyBy needs at least one field");
  if (parts.length === 1) return compileSingle(parts[0]!, coPartitioned, compute(parts[0], schema, functions));
  const names = parts.map((part, at) => fieldName(part) ?? `key${at + 1}`);
  if (new Set(names).size < names.length) throw new StreamFlowError("SF_KEY_INVALID", `keyBy names a field twice: ${names.join(", ")}`);
  const computed = parts.map((part) => compute(part, schema, functions));
  for (const [at, { type }] of computed.entries()) checkKeyType(type, `keyBy field "${names[at]}"`);
  const known = computed.every(({ type }) => type !== undefined);
  return {
    computed,
    key: {
      type: known ? { type: "struct", fields: names.map((name, at) => ({ name, type: computed[at]!.type! })) } : undefined,
      fields: names,
      coPartitioned,
    },
    evaluate: (record) => {
      const key: Record<string, unknown> = {};
      for (let at = 0; at < names.length; at++) key[names[at]!] = computed[at]!.evaluate(record) ?? null;
      return key;
    },
  };
}

function compileSingle(what: Compute, coPartitioned: boolean, computed: Computed): CompiledKey {
  const { type } = computed;
  checkKeyType(type, "the key");
  const name = fieldName(what);
  const fields = type?.type === "struct" ? type.fields.map((field) => field.name) : name === undefined ? undefined : [name];
  return { computed: [computed], key: { type, fields, coPartitioned }, evaluate: computed.evaluate, code: computed };
}

/** The name of a field of the record itself; undefined for anything else. */
function plainField(what: KeyByConfig["key"]): string | undefined {
  return isExpression(what) && what.kind === "field" && what.path.length === 1 ? what.path[0] : undefined;
}

/** The last name of a field's path; undefined for anything but a field. */
function fieldName(what: unknown): string | undefined {
  return isExpression(what) && what.kind === "field" ? what.path.at(-1) : undefined;
}

/** @throws {@link StreamFlowError} SF_KEY_INVALID */
function checkKeyType(type: DataType | undefined, what: string): void {
  if (type === undefined) return;
  if (type.type === "list") return checkKeyType(type.element, what);
  if (type.type === "struct") return type.fields.forEach((field) => checkKeyType(field.type, `${what}.${field.name}`));
  if (type.type === "map") throw new StreamFlowError("SF_KEY_INVALID", `${what} is a map, which cannot be a key`);
}

/** @throws {@link StreamFlowError} SF_KEY_INVALID */
function checkKeyValue(key: object, what: string): void {
  if (key instanceof Uint8Array) return;
  if (!Array.isArray(key) && !isPlain(key)) throw badKey(key.constructor?.name ?? "object", what);
  for (const part of Object.values(key)) {
    if (typeof part === "object" && part !== null) checkKeyValue(part, what);
    else if (typeof part === "function" || typeof part === "symbol") throw badKey(typeof part, what);
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function badKey(kind: string, what: string): StreamFlowError {
  return new StreamFlowError("SF_KEY_INVALID", `${what}: a ${kind} cannot be a key`, { hint: "key by a field, a number, a string, or a plain object of these" });
}

/** `keyBy` in YAML. */
export const keyBySpec: ComponentSpec<"stage"> = stageSpec({
  type: "keyBy",
  summary: "Gives each record a key: what belongs together in windows, aggregations and joins.",
  fields: {
    key: {
      type: { kind: "either", options: [{ kind: "expression" }, { kind: "list", item: { kind: "expression" }, min: 1 }] },
      doc: "The key; a list of several makes a struct of its fields. A missing field reads as null, which is a key of its own.",
      required: true,
    },
    coPartitioned: { type: { kind: "boolean" }, doc: "All records of a key are in one input partition: no exchange is needed. Checked on the data.", default: false },
  },
  example: "type: keyBy\nkey: [carrier, origin]",
});

// Validation by JSON Schema: compiled where code may be generated from strings, interpreted elsewhere, with the same verdicts.
import { Validator } from "@cfworker/json-schema";
import { StreamFlowError } from "@streamflow/core";
import { Ajv } from "ajv";
import { Ajv2019 } from "ajv/dist/2019.js";
import { Ajv2020 } from "ajv/dist/2020.js";
import { mayGenerateCode } from "../code-generation.ts";
import { isMultipleOf } from "./multiple-of.ts";
import { prepareSchema, type Draft } from "./prepare-schema.ts";

/** A JSON Schema: an object of keywords, or true or false. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** Why a value does not satisfy a schema. */
export interface Violation {
  /** JSON Pointer to the part of the value; "" is the whole. */
  readonly path: string;
  /** The keyword that it breaks, such as "maximum". */
  readonly rule: string;
  readonly message: string;
}

/** Checks a JSON value: undefined where it satisfies the schema, else one reason why not. */
export type JsonSchemaCheck = (value: unknown) => Violation | undefined;

/** Options of {@link jsonSchemaCheck}. */
export interface JsonSchemaOptions {
  /** Whether the check is compiled. @defaultValue true, where the process allows code generation from strings */
  readonly generate?: boolean;
}

/**
 * Makes a check of a JSON Schema, draft 2020-12 unless `$schema` names 2019-09 or draft-07.
 *
 * `format` is an annotation and is not checked: whether a text is an e-mail address is not a question on which two implementations agree.
 * References may point within the schema only.
 *
 * @throws {@link StreamFlowError} SF_SCHEMA_INVALID for a schema that is malformed, uses dynamic references, or refers to what it does not hold.
 * @see JSON Schema Validation, draft 2020-12
 */
export function jsonSchemaCheck(schema: JsonSchema, options: JsonSchemaOptions = {}): JsonSchemaCheck {
  const draft = draftOf(schema);
  const prepared = prepareSchema(schema, draft);
  try {
    return (options.generate ?? mayGenerateCode()) ? compiled(prepared, draft) : interpreted(prepared, draft);
  } catch (cause) {
    throw new StreamFlowError("SF_SCHEMA_INVALID", `not a usable JSON Schema: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

function draftOf(schema: JsonSchema): Draft {
  const named = typeof schema === "object" ? schema["$schema"] : undefined;
  if (named === undefined) return "2020-12";
  const text = String(named);
  if (text.includes("draft/2020-12")) return "2020-12";
  if (text.includes("draft/2019-09")) return "2019-09";
  if (text.includes("draft-07")) return "7";
  throw new StreamFlowError("SF_SCHEMA_INVALID", `$schema "${text}" is not supported`, { hint: "use draft 2020-12, 2019-09 or draft-07" });
}

const engines = { "7": Ajv, "2019-09": Ajv2019, "2020-12": Ajv2020 } as const;

function compiled(schema: JsonSchema, draft: Draft): JsonSchemaCheck {
  const ajv = new engines[draft]({ strict: false, validateFormats: false, validateSchema: false, ownProperties: true });
  // Its own divides doubles: to it, 0.3 is no multiple of 0.1.
  ajv.removeKeyword("multipleOf");
  ajv.addKeyword({ keyword: "multipleOf", type: "number", schemaType: "number", validate: (divisor: number, value: number) => isMultipleOf(value, divisor) });
  const validate = ajv.compile(schema as object);
  return (value) => {
    if (validate(value)) return undefined;
    const [first] = validate.errors ?? [];
    const rule = first?.keyword ?? "false schema";
    return { path: first?.instancePath ?? "", rule, message: rule === "multipleOf" ? "must be a multiple of the divisor" : (first?.message ?? "is not allowed") };
  };
}

function interpreted(schema: JsonSchema, draft: Draft): JsonSchemaCheck {
  const validator = new Validator(schema as never, draft, true);
  return (value) => {
    const result = validator.validate(value);
    if (result.valid) return undefined;
    const deepest = result.errors.at(-1);
    const rule = deepest?.keyword === "false" ? "false schema" : (deepest?.keyword ?? "false schema");
    return { path: (deepest?.instanceLocation ?? "#").slice(1), rule, message: deepest?.error ?? "is not allowed" };
  };
}

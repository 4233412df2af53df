// Validation by JSON Schema: compiled where code may be generated from strings, interpreted elsewhere, with the same verdicts.
import type { OutputUnit } from "@cfworker/json-schema";
import { createRequire } from "node:module";
import { mayGenerateCode, StreamFlowError } from "@streamflow/core";
import { isMultipleOf } from "./multiple-of.ts";
import { prepareSchema, type Draft, type JsonSchema } from "./prepare-schema.ts";

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

// Loading the engines takes longer than all of this package: only programs that validate pay for it.
const load = createRequire(import.meta.url);
const engines: Readonly<Record<Draft, () => typeof import("ajv").Ajv>> = {
  "7": () => (load("ajv") as typeof import("ajv")).Ajv,
  "2019-09": () => (load("ajv/dist/2019.js") as typeof import("ajv/dist/2019.js")).Ajv2019,
  "2020-12": () => (load("ajv/dist/2020.js") as typeof import("ajv/dist/2020.js")).Ajv2020,
};

function compiled(schema: JsonSchema, draft: Draft): JsonSchemaCheck {
  const Engine = engines[draft]();
  const ajv = new Engine({ strict: false, validateFormats: false, validateSchema: false, ownProperties: true });
  // Its own divides doubles: to it, 0.3 is no multiple of 0.1.
  ajv.removeKeyword("multipleOf");
  ajv.addKeyword({ keyword: "multipleOf", type: "number", schemaType: "number", validate: (divisor: number, value: number) => isMultipleOf(value, divisor) });
  const validate = ajv.compile(schema as object);
  let careful: JsonSchemaCheck | undefined;
  return (value) => {
    try {
      if (validate(value)) return undefined;
    } catch {
      // Comparing values, ajv calls their `toString` and `valueOf`: a record with a field of that name makes it throw.
      careful ??= interpreted(schema, draft);
      return careful(value);
    }
    // Behind the errors of the branches that were tried comes the one of the rule that tried them.
    const error = validate.errors?.findLast(({ keyword }) => keyword !== "if");
    const rule = error?.keyword ?? "false schema";
    return { path: error?.instancePath ?? "", rule, message: rule === "multipleOf" ? "must be a multiple of the divisor" : (error?.message ?? "is not allowed") };
  };
}

function interpreted(schema: JsonSchema, draft: Draft): JsonSchemaCheck {
  const { Validator } = load("@cfworker/json-schema") as typeof import("@cfworker/json-schema");
  const validator = new Validator(schema as never, draft, true);
  return (value) => {
    const { valid, errors } = validator.validate(value);
    return valid ? undefined : violationOf(errors);
  };
}

const appliers: ReadonlySet<string> = new Set(["$ref", "allOf", "if", "properties", "patternProperties", "additionalProperties", "unevaluatedProperties", "dependentSchemas", "items", "prefixItems", "additionalItems", "unevaluatedItems"]);

/** The errors lead from the outside in: the rule is the first that does more than apply another schema. */
function violationOf(errors: readonly OutputUnit[]): Violation {
  const index = errors.findIndex(({ keyword }) => !appliers.has(keyword));
  const found = errors[index];
  const place = found?.keyword === "false" ? (errors[index - 1] ?? found) : found;
  if (place === undefined) return { path: "", rule: "false schema", message: "is not allowed" };
  return { path: place.instanceLocation.slice(1), rule: ruleNames.get(place.keyword) ?? place.keyword, message: found?.error ?? "is not allowed" };
}

/** Names that the compiler has for rules of the interpreter. */
const ruleNames: ReadonlyMap<string, string> = new Map([["false", "false schema"], ["minContains", "contains"], ["maxContains", "contains"]]);

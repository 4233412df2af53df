// Schemas that writers and readers of messages share. SRG clauses are proven by testing/conformance/schema-registry.ts.

/** A schema as it is written in its own language. */
export interface SchemaText {
  /** `avro`, `json` (JSON Schema), `protobuf`, or a third party's. */
  readonly format: string;
  readonly text: string;
  /** Registered schemas that the text names. @defaultValue none */
  readonly references?: readonly SchemaReference[];
}

/** Another schema that a schema names. */
export interface SchemaReference {
  /** As the text calls it: a full name in Avro, a file in Protobuf, a `$ref` in JSON Schema. */
  readonly name: string;
  readonly subject: string;
  readonly version: number;
}

/** A schema under a subject. */
export interface RegisteredSchema {
  readonly id: number;
  readonly subject: string;
  readonly version: number;
  readonly schema: SchemaText;
}

/**
 * Which earlier schemas of its subject a new one must fit, and in which direction:
 * - `none`: nothing is checked.
 * - `backward`: a reader that has the new schema reads what the latest one has written. Readers are upgraded first.
 * - `forward`: a reader that has the latest schema reads what the new one writes. Writers are upgraded first.
 * - `full`: both. In any order.
 * - `…-transitive`: the same against every version of the subject, not the latest alone. Needed where old messages are read again from the beginning.
 */
export type CompatibilityMode = "none" | "backward" | "backward-transitive" | "forward" | "forward-transitive" | "full" | "full-transitive";

/** Why a schema does not fit. */
export interface CompatibilityProblem {
  /** The version of the subject that it does not fit. */
  readonly version: number;
  /** Which of the two could not read the other: the `new` schema as the reader (backward), or the one that is there (forward). */
  readonly reader: "new" | "present";
  /** Where and what, in the words of the format's rules, for example `/fields/2: reader has no default for "tax"`. */
  readonly message: string;
}

/** What a registry that judges by itself must know of formats. */
export interface SchemaRules {
  /**
   * Answers the text by which schemas are compared (SRG-1): the text itself where nothing better is known.
   * @throws {@link StreamFlowError} SF_SCHEMA_INVALID when the text is no schema of its format.
   */
  canonical(schema: SchemaText): string;
  /** Why a reader that has `reader` cannot read what was written with `writer`, each with its place; empty: it can. The two are of one format. */
  problems(reader: SchemaText, writer: SchemaText): readonly string[];
}

/**
 * Schemas by id, and by subject and version. A subject is what one topic's keys or values are registered under.
 *
 * - SRG-1. The versions of a subject are 1, 2, 3, … in the order of registering. `register` of a schema that the subject has, with equal references, answers the version that
 *   has it, whichever it is, and changes nothing. Equal means: the same format, and the same text, or the same canonical text where the registry knows the format's.
 * - SRG-2. An id belongs to one schema for ever: it is an integer from 1 to 2^31 − 1 (it travels in 4 bytes of each message), never given to another schema, and the same
 *   for equal schemas under different subjects. What an id answered may be cached without end.
 * - SRG-3. `byId`, `version` and `latest` answer format, text and references as they were registered (`byId`: of equal schemas, the first one); undefined for what was
 *   never registered.
 * - SRG-4. `versions` answers the numbers in ascending order, `subjects` the names sorted by code unit. An unknown subject has no versions.
 * - SRG-5. `register` of a schema that does not fit by the subject's mode throws SF_SCHEMA_INCOMPATIBLE, with all problems in the message and as `context.problems`, and changes nothing.
 * - SRG-6. The mode decides against which versions, and in which direction, as {@link CompatibilityMode} says. The first schema of a subject fits always. A schema of
 *   another format never fits, except in mode `none`. With `full`, problems of both directions are told.
 * - SRG-7. `check` answers the problems that `register` would throw, none where it would succeed, and changes nothing.
 * - SRG-8. A subject's mode is `backward` until `setMode`. Setting it judges no version that is there; it holds from the next call on.
 * - SRG-9. Calls take effect one after another: of two that register the same new schema at once both get the same version; of two different ones the second is
 *   judged with the first in place.
 * - SRG-10. A text that is no schema of its format, or a reference that names nothing, throws SF_SCHEMA_INVALID, and changes nothing.
 * - SRG-11. What resolved is durable. A registry that cannot be reached throws a retryable error; a lookup that failed is never remembered as an answer.
 */
export interface SchemaRegistry {
  register(subject: string, schema: SchemaText): Promise<RegisteredSchema>;
  byId(id: number): Promise<SchemaText | undefined>;
  version(subject: string, version: number): Promise<RegisteredSchema | undefined>;
  latest(subject: string): Promise<RegisteredSchema | undefined>;
  versions(subject: string): Promise<readonly number[]>;
  subjects(): Promise<readonly string[]>;
  check(subject: string, schema: SchemaText): Promise<readonly CompatibilityProblem[]>;
  mode(subject: string): Promise<CompatibilityMode>;
  setMode(subject: string, mode: CompatibilityMode): Promise<void>;
  close(): Promise<void>;
}

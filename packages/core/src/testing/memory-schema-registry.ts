// A schema registry in memory. What fits what is decided by the rules that are passed.
import type { CompatibilityMode, CompatibilityProblem, RegisteredSchema, SchemaRegistry, SchemaRules, SchemaText } from "../contracts/schema-registry.ts";
import { StreamFlowError } from "../errors.ts";

interface Subject {
  readonly versions: RegisteredSchema[];
  mode: CompatibilityMode;
}

/** What outlives a {@link MemorySchemaRegistry}. */
export class MemorySchemaStorage {
  readonly subjects: Map<string, Subject> = new Map();
  /** By what makes a schema equal to another one. */
  readonly ids: Map<string, number> = new Map();
  /** By id − 1. */
  readonly schemas: SchemaText[] = [];
  /** As a network that is down: every call fails, and may be tried again. */
  isReachable = true;
}

/** Everything is a schema, and fits everything. */
const noRules: SchemaRules = { canonical: ({ text }) => text, problems: () => [] };

/** A schema registry in memory, for tests and for programs that register their schemas at start. */
export class MemorySchemaRegistry implements SchemaRegistry {
  readonly #storage: MemorySchemaStorage;
  readonly #rules: SchemaRules;

  /** @param rules @defaultValue every text is a schema, and fits every other one of its format */
  constructor(storage: MemorySchemaStorage = new MemorySchemaStorage(), rules: SchemaRules = noRules) {
    this.#storage = storage;
    this.#rules = rules;
  }

  async register(subject: string, schema: SchemaText): Promise<RegisteredSchema> {
    const identity = this.#identity(schema);
    const known = this.#versions(subject).find((version) => this.#identity(version.schema) === identity);
    if (known !== undefined) return copyOf(known);
    const problems = this.#problems(subject, schema);
    if (problems.length > 0) throw incompatible(subject, problems);
    const made = { id: this.#idOf(identity, schema), subject, version: this.#versions(subject).length + 1, schema: structuredClone(schema) };
    this.#subject(subject).versions.push(made);
    return copyOf(made);
  }

  async byId(id: number): Promise<SchemaText | undefined> {
    return structuredClone(this.#reached().schemas[id - 1]);
  }

  async version(subject: string, version: number): Promise<RegisteredSchema | undefined> {
    const found = this.#versions(subject)[version - 1];
    return found === undefined ? undefined : copyOf(found);
  }

  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    return this.version(subject, this.#versions(subject).length);
  }

  async versions(subject: string): Promise<readonly number[]> {
    return this.#versions(subject).map(({ version }) => version);
  }

  async subjects(): Promise<readonly string[]> {
    return [...this.#reached().subjects].flatMap(([name, { versions }]) => (versions.length > 0 ? [name] : [])).sort();
  }

  async check(subject: string, schema: SchemaText): Promise<readonly CompatibilityProblem[]> {
    const identity = this.#identity(schema);
    const isKnown = this.#versions(subject).some((version) => this.#identity(version.schema) === identity);
    return isKnown ? [] : this.#problems(subject, schema);
  }

  async mode(subject: string): Promise<CompatibilityMode> {
    return this.#reached().subjects.get(subject)?.mode ?? "backward";
  }

  async setMode(subject: string, mode: CompatibilityMode): Promise<void> {
    this.#reached();
    this.#subject(subject).mode = mode;
  }

  async close(): Promise<void> {}

  /** What makes a schema equal to another one. */
  #identity(schema: SchemaText): string {
    const references = [...(schema.references ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, subject, version } of references) {
      if (this.#versions(subject)[version - 1] === undefined) {
        throw new StreamFlowError("SF_SCHEMA_INVALID", `the schema names "${name}" as version ${version} of "${subject}", which is not registered`, { context: { name, subject, version } });
      }
    }
    return JSON.stringify([schema.format, this.#rules.canonical(schema), references.map(({ name, subject, version }) => [name, subject, version])]);
  }

  #problems(subject: string, schema: SchemaText): readonly CompatibilityProblem[] {
    const mode = this.#storage.subjects.get(subject)?.mode ?? "backward";
    if (mode === "none") return [];
    const present = this.#versions(subject);
    const against = mode.endsWith("-transitive") ? present : present.slice(-1);
    return against.flatMap((version) => this.#against(version, schema, mode));
  }

  #against({ version, schema: present }: RegisteredSchema, schema: SchemaText, mode: CompatibilityMode): readonly CompatibilityProblem[] {
    if (present.format !== schema.format) return [{ version, reader: "new", message: `its format is ${present.format}, not ${schema.format}` }];
    const backward = mode.startsWith("forward") ? [] : this.#rules.problems(schema, present);
    const forward = mode.startsWith("backward") ? [] : this.#rules.problems(present, schema);
    return [
      ...backward.map((message) => ({ version, reader: "new" as const, message })),
      ...forward.map((message) => ({ version, reader: "present" as const, message })),
    ];
  }

  #idOf(identity: string, schema: SchemaText): number {
    const { ids, schemas } = this.#storage;
    const known = ids.get(identity);
    if (known !== undefined) return known;
    const id = schemas.push(structuredClone(schema));
    ids.set(identity, id);
    return id;
  }

  #versions(subject: string): readonly RegisteredSchema[] {
    return this.#reached().subjects.get(subject)?.versions ?? [];
  }

  #subject(name: string): Subject {
    const known = this.#storage.subjects.get(name) ?? { versions: [], mode: "backward" as const };
    this.#storage.subjects.set(name, known);
    return known;
  }

  #reached(): MemorySchemaStorage {
    if (this.#storage.isReachable) return this.#storage;
    throw new StreamFlowError("SF_TIMEOUT", "the schema registry did not answer");
  }
}

function copyOf(registered: RegisteredSchema): RegisteredSchema {
  return structuredClone(registered);
}

function incompatible(subject: string, problems: readonly CompatibilityProblem[]): StreamFlowError {
  const list = problems.map(({ version, reader, message }) => {
    const direction = reader === "new" ? `the new schema cannot read what version ${version} wrote` : `version ${version} cannot read what the new schema writes`;
    return `${direction}: ${message}`;
  });
  return new StreamFlowError("SF_SCHEMA_INCOMPATIBLE", `the schema does not fit subject "${subject}": ${list.join("; ")}`, { context: { subject, problems } });
}

// Records as generated code knows them: by a value in a variable, or by fields that stand in columns or variables.
import type { CodeScope, RecordCode, RecordFrame } from "../contracts/operator-code.ts";
import { propertyName } from "../plan/code-generation.ts";

/** A record that is a value in a variable. */
export function valueRecord(value: string, frame: RecordFrame): RecordCode {
  return { ...frame, value, rare: value, field: () => undefined, under: (other) => valueRecord(value, { ...frame, ...other }) };
}

/** The fields of a record, and the variable of the whole where anything asks for it. */
export class RecordFields {
  readonly fields: ReadonlyMap<string, string>;
  /** Those that are numbers as far as is known. */
  readonly numbers: ReadonlySet<string>;
  readonly #scope: Pick<CodeScope, "temporary">;
  #name: string | undefined;

  constructor(fields: ReadonlyMap<string, string>, numbers: ReadonlySet<string>, scope: Pick<CodeScope, "temporary">) {
    this.fields = fields;
    this.numbers = numbers;
    this.#scope = scope;
  }

  field(name: string): string {
    return this.fields.get(name) ?? "null";
  }

  get literal(): string {
    return `{${[...this.fields].map(([name, text]) => `${propertyName(name)}:${text}`).join(",")}}`;
  }

  get value(): string {
    return (this.#name ??= this.#scope.temporary());
  }

  /** Makes the whole record; "" where nothing has asked for it. Goes in front of the code that got the record, when that has been written. */
  get declaration(): string {
    return this.#name === undefined ? "" : `${this.#name}=${this.literal};`;
  }
}

/** A record that is known by its fields. */
export class FieldsRecord implements RecordCode {
  readonly time: string;
  readonly key: string;
  readonly change: string;
  readonly #fields: RecordFields;

  constructor(fields: RecordFields, { time, key, change }: RecordFrame) {
    this.#fields = fields;
    this.time = time;
    this.key = key;
    this.change = change;
  }

  get fields(): ReadonlyMap<string, string> {
    return this.#fields.fields;
  }

  get numbers(): ReadonlySet<string> {
    return this.#fields.numbers;
  }

  get value(): string {
    return this.#fields.value;
  }

  get rare(): string {
    return `(${this.#fields.literal})`;
  }

  field(name: string): string {
    return this.#fields.field(name);
  }

  under({ time = this.time, key = this.key, change = this.change }: Partial<RecordFrame>): RecordCode {
    return new FieldsRecord(this.#fields, { time, key, change });
  }
}

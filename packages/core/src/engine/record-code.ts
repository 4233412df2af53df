// Records as generated code knows them: by a value in a variable, or by fields that stand in columns or variables.
import type { CodeScope, MadeRecord, RecordCode, RecordFrame } from "../contracts/operator-code.ts";
import { propertyName } from "../plan/code-generation.ts";

const unknown: MadeRecord = { names: undefined, carried: new Map() };

/** A record that is a value in a variable. */
export class ValueRecord implements RecordCode {
  /** The value, complete. */
  readonly value: string;
  readonly rare: string;
  /** The value as it is: what is carried is not in it. */
  readonly bare: string;
  readonly made: MadeRecord;
  readonly time: string;
  readonly key: string;
  readonly change: string;
  /** The fields of the record that this one was made from, where they are known. */
  readonly origin: FieldsRecord | undefined;

  constructor(value: string, frame: RecordFrame, { origin = originOf(frame), made = unknown }: { readonly origin?: FieldsRecord | undefined; readonly made?: MadeRecord } = {}) {
    const carried = [...made.carried].map(([name, text]) => `${value}[${JSON.stringify(name)}]=${text},`).join("");
    this.bare = value;
    this.made = made;
    this.value = carried === "" ? value : `(${carried}${value})`;
    this.rare = this.value;
    this.time = frame.time;
    this.key = frame.key;
    this.change = frame.change;
    this.origin = origin;
  }

  field(): undefined {
    return undefined;
  }

  part(): undefined {
    return undefined;
  }

  isField(): boolean {
    return false;
  }

  under({ time = this.time, key = this.key, change = this.change }: Partial<RecordFrame>): RecordCode {
    return new ValueRecord(this.bare, { time, key, change }, { origin: this.origin, made: this.made });
  }
}

function originOf(frame: RecordFrame): FieldsRecord | undefined {
  return frame instanceof FieldsRecord ? frame : frame instanceof ValueRecord ? frame.origin : undefined;
}

/** What is known of fields besides their expressions. */
export interface KnownFields {
  /** Names of those that are numbers as far as is known. */
  readonly numbers: ReadonlySet<string>;
  /** Expressions that are never undefined. */
  readonly defined: ReadonlySet<string>;
}

/** The fields of a record, and the variable of the whole where anything asks for it. */
export class RecordFields {
  readonly fields: ReadonlyMap<string, string>;
  readonly known: KnownFields;
  readonly #scope: Pick<CodeScope, "temporary">;
  #name: string | undefined;

  constructor(fields: ReadonlyMap<string, string>, known: KnownFields, scope: Pick<CodeScope, "temporary">) {
    this.fields = fields;
    this.known = known;
    this.#scope = scope;
  }

  field(name: string): string {
    return this.fields.get(name) ?? "null";
  }

  get literal(): string {
    return literalOf([...this.fields]);
  }

  part(names: ReadonlySet<string>): string | undefined {
    // Who has had the whole record may have changed it; and what is no field of it may be a getter that all objects have.
    if (this.#name !== undefined || [...names].some((name) => !this.fields.has(name))) return undefined;
    return literalOf([...this.fields].filter(([name]) => names.has(name)));
  }

  get value(): string {
    return (this.#name ??= this.#scope.temporary());
  }

  /** Makes the whole record; "" where nothing has asked for it. Goes in front of the code that got the record, when that has been written. */
  get declaration(): string {
    return this.#name === undefined ? "" : `${this.#name}=${this.literal};`;
  }
}

function literalOf(fields: readonly (readonly [name: string, text: string])[]): string {
  return `{${fields.map(([name, text]) => `${propertyName(name)}:${text}`).join(",")}}`;
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
    return this.#fields.known.numbers;
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

  part(names: ReadonlySet<string>): string | undefined {
    return this.#fields.part(names);
  }

  isField(expression: string): boolean {
    return this.#fields.known.defined.has(expression);
  }

  under({ time = this.time, key = this.key, change = this.change }: Partial<RecordFrame>): RecordCode {
    return new FieldsRecord(this.#fields, { time, key, change });
  }
}

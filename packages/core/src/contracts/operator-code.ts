// How an operator writes the code of its work on one record, for the function that a task is fused into (docs/adr/0002). Optional: closures remain the meaning.

/** What generated text may name. */
export interface CodeScope {
  /** A name for a value of the running process: state, a function, a constant. */
  bind(value: unknown): string;
  /** A new local variable, declared for the whole function. */
  temporary(): string;
}

/** What stands around a record's value: expressions. */
export interface RecordFrame {
  /** Event time in UTC epoch milliseconds; NaN where there is none. */
  readonly time: string;
  readonly key: string;
  /** The change kind, as a number. */
  readonly change: string;
}

/** The scope of a task, where it is one that knows the bytes of texts. */
export type TextScope = CodeScope & Partial<Pick<TaskCode, "textOf">>;

/** The record in hand, as generated code knows it: JavaScript expressions without side effects. */
export interface RecordCode extends RecordFrame {
  /** The whole record. Asking for it makes it, once for all that ask: leave it alone where fields will do. */
  readonly value: string;
  /** The whole record, made for this place alone: for what happens seldom, such as a rejection. */
  readonly rare: string;
  /** A field, null where it is missing, of a record that is known by its fields; undefined: it is not. */
  field(name: string): string | undefined;
  /** An object of these of its fields alone, made for this place; undefined: it is not known by its fields, has others, or was handed out whole and may have been changed. */
  part(names: ReadonlySet<string>): string | undefined;
  /** Whether an expression is a field of it as it stands: never undefined, and as cheap to write again as a variable. */
  isField(expression: string): boolean;
  /** The same record under another time, key or change kind. */
  under(frame: Partial<RecordFrame>): RecordCode;
}

/** A text of the record in hand that is still bytes: expressions. */
export interface TextCode {
  /** A DataView. */
  readonly bytes: string;
  /** Where it begins in the bytes, eight of which behind it are readable; -1 where it is not there: then there is only the value. */
  readonly start: string;
  readonly end: string;
}

/** What is known of a record that a function has made. */
export interface MadeRecord {
  /** Its fields in order, where it is always a new object of them. */
  readonly names: readonly string[] | undefined;
  /** What belongs into some of its fields, which are undefined so far: expressions that are texts (`textOf`). */
  readonly carried: ReadonlyMap<string, string>;
}

/** The task that code is written for, as one operator sees it. */
export interface TaskCode extends CodeScope {
  /** The bytes of a text, where an expression is a field of the record that would make a string of them; undefined: it is not. */
  textOf(expression: string): TextCode | undefined;
  /** Statements that hand a record on: to the main output, or to a named one. */
  emit(record: RecordCode, output?: string): string;
  /**
   * Statements that hand on a new record of these fields, each an expression that is never undefined and may be written several times.
   * `numbers`: those that will most likely be numbers, always.
   */
  emitFields(fields: ReadonlyMap<string, string>, frame: RecordFrame, numbers?: ReadonlySet<string>): string;
  /** Statements that hand on a new record that is the value of an expression, which may be written several times. */
  emitValue(value: string, frame: RecordFrame, made?: MadeRecord): string;
  /** Statements that reject a record; `error` is an expression for a StreamFlowError. */
  reject(record: RecordCode, error: string): string;
  /** Statements that hand the record to the operator's own closure, for what its code leaves out. */
  closure(record: RecordCode): string;
}

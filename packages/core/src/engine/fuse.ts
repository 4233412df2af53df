// Fuses the operators behind a source into one generated function: the loop over a batch, with the code of each (docs/adr/0002).
//   F1. Where an operator has no code, or the function grows too large, its closure is called: the results are the same.
//   F2. The cursor is written before anything that may read it: a closure, a rejection.
import type { Cursor, Emit } from "../contracts/operator.ts";
import type { RecordCode, RecordFrame, TaskCode } from "../contracts/operator-code.ts";
import { generatedFunction } from "../plan/code-generation.ts";
import { SourceScope } from "../plan/expression-source.ts";
import type { Batch } from "../record.ts";
import type { Gate } from "./gate.ts";
import type { OperatorInstance } from "./instance.ts";
import { FieldsRecord, RecordFields, ValueRecord } from "./record-code.ts";
import { columnSink, type Origin, SinkWays } from "./sink-code.ts";
import type { SinkInput } from "./sink-port.ts";
import type { RecordShape } from "./record-shape.ts";

/** Where an output leads. */
export interface CodeTarget {
  /** The closure that takes a record there. */
  readonly emit: Emit;
  /** The operator there, where the record goes to its only input. */
  readonly instance?: OperatorInstance;
  /** Gates that tell what they know before the record passes. */
  readonly tells?: readonly Gate[];
}

/** The plan behind a source, as far as code needs it. */
export interface CodeGraph {
  /** What reads the source. */
  readonly entry: readonly CodeTarget[];
  /** What reads an output of an operator. */
  targets(instance: OperatorInstance, output: string): readonly CodeTarget[];
}

/** A column, as far as code depends on it. */
export interface InputColumn {
  readonly name: string;
  readonly mayBeNull: boolean;
  /** @defaultValue false */
  readonly areNumbers?: boolean;
  /** They are texts that are still bytes. @defaultValue false */
  readonly areTexts?: boolean;
}

/** What a batch brings, as far as code depends on it. */
export interface InputForm {
  /** The columns; undefined: rows. */
  readonly columns: readonly InputColumn[] | undefined;
  readonly hasTimestamps: boolean;
  readonly hasChanges: boolean;
  readonly hasKeys: boolean;
  /** The column that holds the keys, where they are not given beside the records. */
  readonly keyColumn?: number | undefined;
  /** The records are emitted by an operator at a timer: no record of the input is at hand. @defaultValue false */
  readonly areEmitted?: boolean;
}

/** Runs records `[from, to)` of a batch through a task. */
export type FusedFunction = (batch: FusedInput, from: number, to: number) => void;

/** What such a function reads of a batch. */
export type FusedInput = Pick<Batch, "length" | "values" | "columns" | "timestamps" | "keys" | "changes"> & { readonly keyColumn?: number };

const noNames: ReadonlySet<string> = new Set();
const maxOperators = 60;
const maxTextLength = 200_000;

/** A sink that learns what its records look like. */
export interface ShapedSink {
  readonly shape: RecordShape | undefined;
}

/** The text of a fused function, and what it names. */
export interface FusedSource {
  readonly text: string;
  readonly bindings: readonly (readonly [name: string, value: unknown])[];
  /** Sinks that get records of which the code knows no more than what their shape has been so far. */
  readonly shapeless: readonly ShapedSink[];
}

/** Writes the function for batches of a form; undefined: nothing would be gained. */
export function fusedSource(graph: CodeGraph, cursor: Cursor, form: InputForm): FusedSource | undefined {
  const writer = new Fusion(graph, cursor, form.areEmitted === true ? { index: "-1", stays: false } : { index: "i", stays: true });
  const text = writer.loop(form);
  return (writer.operators === 0 && form.columns === undefined) || text.length > maxTextLength ? undefined : { text, bindings: writer.scope.bindings, shapeless: writer.shapeless };
}

/** Makes the function. */
export function compileFused({ text, bindings }: FusedSource): FusedFunction {
  return generatedFunction(bindings.map(([name]) => name), text)(...bindings.map(([, value]) => value)) as FusedFunction;
}

class Fusion {
  readonly scope: SourceScope = new SourceScope();
  operators = 0;
  readonly #graph: CodeGraph;
  readonly #cursor: string;
  readonly #sinks: SinkWays;
  readonly #origin: Origin;
  readonly shapeless: ShapedSink[] = [];

  constructor(graph: CodeGraph, cursor: Cursor, origin: Origin) {
    this.#graph = graph;
    this.#cursor = this.scope.bind(cursor);
    this.#origin = origin;
    this.#sinks = new SinkWays(this.scope, origin);
  }

  loop(form: InputForm): string {
    const { columns, keyColumn } = form;
    const fields = columns === undefined ? undefined : this.#columnFields(columns);
    const keyField = keyColumn === undefined ? undefined : columns?.[keyColumn]?.name;
    const key = keyField !== undefined && fields !== undefined ? fields.field(keyField) : form.hasKeys ? "keys[i]" : "undefined";
    const frame: RecordFrame = { time: form.hasTimestamps ? "times[i]" : "NaN", key, change: form.hasChanges ? "changes[i]" : "0" };
    const record = fields === undefined ? new ValueRecord("r", frame) : new FieldsRecord(fields, frame);
    const body = this.#hand(this.#graph.entry, record);
    const inputs = columns === undefined ? "const values=batch.values;" : columns.map(inputCode).join("");
    return `return function task(batch,from,to) {
const times=batch.timestamps,changes=batch.changes,keys=batch.keys;${inputs}
${this.scope.declarations}
${this.#sinks.declarations}
for (let i=from;i<to;i++) {
${fields === undefined ? "const r=values[i];" : fields.declaration}
${body}
}
}`;
  }

  #columnFields(columns: readonly InputColumn[]): RecordFields {
    const fields = new Map<string, string>();
    const numbers = new Set<string>();
    const defined = new Set<string>();
    columns.forEach(({ name, mayBeNull, areNumbers, areTexts }, at) => {
      const text = areTexts === true ? textCode(at) : mayBeNull ? `(v${at}[i]===1?c${at}[i]:null)` : `c${at}[i]`;
      fields.set(name, text);
      if (areTexts === true) this.#sinks.texts.set(text, { bytes: `x${at}`, start: `c${at}[i]`, end: `e${at}[i]` });
      if (areNumbers === true && !mayBeNull) numbers.add(name);
      if (areNumbers === true || areTexts === true) defined.add(text);
    });
    return new RecordFields(fields, { numbers, defined }, this.scope);
  }

  /** Statements that hand a record to everything that reads an output. */
  #hand(targets: readonly CodeTarget[], record: RecordCode): string {
    return targets.map((target) => {
      const { instance, tells = [] } = target;
      if (instance?.operator.code === undefined || this.operators >= maxOperators) return this.#leave(target.emit, record);
      this.operators++;
      const told = tells.map((gate) => this.scope.bind(gate)).map((gate) => `if(${gate}.watermarkMs!==${gate}.toldMs)${gate}.settle();`);
      return `// ${commentOf(instance.node)}\n${told.join("")}${instance.operator.code(record, this.#taskOf(instance))}`;
    }).join("\n");
  }

  #taskOf(instance: OperatorInstance): TaskCode {
    const { scope } = this;
    const task: TaskCode = {
      bind: (value) => scope.bind(value),
      temporary: () => scope.temporary(),
      textOf: (expression) => this.#sinks.texts.get(expression),
      emit: (record, output = "main") => `${this.#catchUp(instance)}${this.#hand(this.#graph.targets(instance, output), record)}`,
      emitFields: (fields, frame, numbers = noNames) => {
        const whole = new RecordFields(fields, { numbers, defined: new Set(fields.values()) }, scope);
        const rest = task.emit(new FieldsRecord(whole, frame));
        return `${whole.declaration}${rest}`;
      },
      emitValue: (value, frame, made) => {
        if (made === undefined) return task.emit(new ValueRecord(value, frame));
        if (this.#goesToOneSink(instance)) return task.emit(new ValueRecord(value, frame, { made }));
        // Somebody else may change it, or keep it as it is: it is complete before anybody has it.
        const completed = [...made.carried].map(([name, text]) => `${value}[${JSON.stringify(name)}]=${text};`).join("");
        return `${completed}${task.emit(new ValueRecord(value, frame))}`;
      },
      reject: (record, error) => `${this.#place(record)}${scope.bind(instance.reject)}(${error},${record.rare});`,
      closure: (record) => `${this.#place(record)}${scope.bind(instance.operator.inputs[0])}(${record.rare});`,
    };
    return task;
  }

  /** What an instance emits goes into one sink's columns, and to nobody else. */
  #goesToOneSink(instance: OperatorInstance): boolean {
    const [target, ...others] = this.#graph.targets(instance, "main");
    return target !== undefined && others.length === 0 && target.instance === undefined && columnSink(target.emit) !== undefined;
  }

  /** What is emitted for a record comes after the watermark of all records before it (G2). */
  #catchUp({ gate, output, movesTime, firing }: OperatorInstance): string {
    if (output === gate || movesTime) return "";
    const [before, behind] = [this.scope.bind(gate), this.scope.bind(output)];
    return `if(${behind}.watermarkMs<${before}.watermarkMs&&!${this.scope.bind(firing)}.now)${behind}.advance(${before}.watermarkMs);`;
  }

  /** Out of the generated code: into a sink by fields where both sides can, else as a value to a closure. */
  #leave(emit: Emit, record: RecordCode): string {
    const sink = columnSink(emit);
    return (sink === undefined ? undefined : this.#toSink(sink, emit, record)) ?? this.#call(emit, record);
  }

  #toSink(sink: SinkInput, emit: Emit, record: RecordCode): string | undefined {
    const row = `${this.#place(record)}${this.scope.bind(emit)}(${record.rare});`;
    if (record instanceof FieldsRecord) return this.#sinks.hand(sink, record, row);
    if (!(record instanceof ValueRecord)) return undefined;
    this.shapeless.push(sink.port);
    return sink.port.shape === undefined ? undefined : this.#sinks.handValue(sink, { record, shape: sink.port.shape }, row);
  }

  #call(emit: Emit, record: RecordCode): string {
    return `${this.#place(record)}${this.scope.bind(emit)}(${record.value});`;
  }

  #place({ time, key, change }: RecordCode): string {
    const c = this.#cursor;
    return `${c}.index=${this.#origin.index};${c}.timestampMs=${time};${c}.key=${key};${c}.change=${change};`;
  }
}

/** What the loop reads of an input column. */
function inputCode({ mayBeNull, areTexts }: InputColumn, at: number): string {
  if (areTexts === true) return `const q${at}=batch.columns[${at}].texts,c${at}=q${at}.starts,e${at}=q${at}.ends,x${at}=q${at}.bytes;let m${at}=-1,u${at};`;
  return `const c${at}=batch.columns[${at}].values;${mayBeNull ? `const v${at}=batch.columns[${at}].valid;` : ""}`;
}

/** A text of the record in hand, made once for all that ask. */
function textCode(at: number): string {
  return `(m${at}===i?u${at}:(m${at}=i,u${at}=q${at}.at(i)))`;
}

/** A node's id as a comment: one line, whatever is in it. */
function commentOf(id: string): string {
  return JSON.stringify(id).replaceAll(/[\u2028\u2029]/g, "?");
}

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
import { FieldsRecord, RecordFields, valueRecord } from "./record-code.ts";
import { columnSink, SinkWays } from "./sink-code.ts";

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

/** What a batch brings, as far as code depends on it. */
export interface InputForm {
  /** The columns; undefined: rows. */
  readonly columns: readonly { readonly name: string; readonly mayBeNull: boolean; readonly areNumbers?: boolean }[] | undefined;
  readonly hasTimestamps: boolean;
  readonly hasChanges: boolean;
  readonly hasKeys: boolean;
}

/** Runs the records of a batch through a task. */
export type FusedFunction = (batch: Batch) => void;

const noNames: ReadonlySet<string> = new Set();
const maxOperators = 60;
const maxTextLength = 200_000;

/** The text of a fused function, and what it names. */
export interface FusedSource {
  readonly text: string;
  readonly bindings: readonly (readonly [name: string, value: unknown])[];
}

/** Writes the function for batches of a form; undefined: nothing would be gained. */
export function fusedSource(graph: CodeGraph, cursor: Cursor, form: InputForm): FusedSource | undefined {
  const writer = new Fusion(graph, cursor);
  const body = writer.loop(form);
  return (writer.operators === 0 && form.columns === undefined) || body.length > maxTextLength ? undefined : { text: body, bindings: writer.scope.bindings };
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
  readonly #sinks: SinkWays = new SinkWays(this.scope);

  constructor(graph: CodeGraph, cursor: Cursor) {
    this.#graph = graph;
    this.#cursor = this.scope.bind(cursor);
  }

  loop(form: InputForm): string {
    const frame: RecordFrame = { time: form.hasTimestamps ? "times[i]" : "NaN", key: form.hasKeys ? "keys[i]" : "undefined", change: form.hasChanges ? "changes[i]" : "0" };
    const { columns } = form;
    const fields = columns === undefined ? undefined : this.#columnFields(columns);
    const record = fields === undefined ? valueRecord("r", frame) : new FieldsRecord(fields, frame);
    const body = this.#hand(this.#graph.entry, record);
    const inputs = columns === undefined ? "const values=batch.values;" : columns.map(({ mayBeNull }, at) => `const c${at}=batch.columns[${at}].values;${mayBeNull ? `const v${at}=batch.columns[${at}].valid;` : ""}`).join("");
    return `return function task(batch) {
const length=batch.length,times=batch.timestamps,changes=batch.changes,keys=batch.keys;${inputs}
${this.scope.declarations}
${this.#sinks.declarations}
for (let i=0;i<length;i++) {
${fields === undefined ? "const r=values[i];" : fields.declaration}
${body}
}
}`;
  }

  #columnFields(columns: NonNullable<InputForm["columns"]>): RecordFields {
    const texts = columns.map(({ name, mayBeNull }, at) => [name, mayBeNull ? `(v${at}[i]===1?c${at}[i]:null)` : `c${at}[i]`] as const);
    return new RecordFields(new Map(texts), new Set(columns.flatMap(({ name, areNumbers, mayBeNull }) => (areNumbers === true && !mayBeNull ? name : []))), this.scope);
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
      emit: (record, output = "main") => `${this.#catchUp(instance)}${this.#hand(this.#graph.targets(instance, output), record)}`,
      emitFields: (fields, frame, numbers = noNames) => {
        const whole = new RecordFields(fields, numbers, scope);
        const rest = task.emit(new FieldsRecord(whole, frame));
        return `${whole.declaration}${rest}`;
      },
      emitValue: (value, frame) => task.emit(valueRecord(value, frame)),
      reject: (record, error) => `${this.#place(record)}${scope.bind(instance.reject)}(${error},${record.rare});`,
      closure: (record) => `${this.#place(record)}${scope.bind(instance.operator.inputs[0])}(${record.rare});`,
    };
    return task;
  }

  /** What is emitted for a record comes after the watermark of all records before it (G2). */
  #catchUp({ gate, output, movesTime, firing }: OperatorInstance): string {
    if (output === gate || movesTime) return "";
    const [before, behind] = [this.scope.bind(gate), this.scope.bind(output)];
    return `if(${behind}.watermarkMs<${before}.watermarkMs&&!${this.scope.bind(firing)}.now)${behind}.advance(${before}.watermarkMs);`;
  }

  /** Out of the generated code: into a sink by fields where both sides can, else as a value to a closure. */
  #leave(emit: Emit, record: RecordCode): string {
    const sink = record instanceof FieldsRecord ? columnSink(emit) : undefined;
    const row = (): string => `${this.#place(record)}${this.scope.bind(emit)}(${record.rare});`;
    return (sink === undefined ? undefined : this.#sinks.hand(sink, record as FieldsRecord, row())) ?? this.#call(emit, record);
  }

  #call(emit: Emit, record: RecordCode): string {
    return `${this.#place(record)}${this.scope.bind(emit)}(${record.value});`;
  }

  #place({ time, key, change }: RecordCode): string {
    const c = this.#cursor;
    return `${c}.index=i;${c}.timestampMs=${time};${c}.key=${key};${c}.change=${change};`;
  }
}

/** A node's id as a comment: one line, whatever is in it. */
function commentOf(id: string): string {
  return JSON.stringify(id).replaceAll(/[\u2028\u2029]/g, "?");
}

// The fused functions of one task: one for each form of input that arrives, a few at most; closures for everything else.
import { mayGenerateCode } from "../plan/code-generation.ts";
import type { Cursor } from "../contracts/operator.ts";
import type { Column } from "../record.ts";
import { type CodeGraph, compileFused, fusedSource, type FusedFunction, type FusedInput, type FusedSource, type InputColumn, type InputForm, type ShapedSink } from "./fuse.ts";
import type { RecordShape } from "./record-shape.ts";

const maxFunctions = 8;
/**
 * So many records a call. A function that loops over whole batches is compiled in the middle of its first loops, and again as a whole, each time without having seen its end;
 * one that returns soon is compiled as a whole.
 */
const recordsAtOnce = 256;

/** Chooses the function for a batch. */
export class FusedTask {
  readonly #graph: CodeGraph;
  readonly #cursor: Cursor;
  readonly #areEmitted: boolean;
  readonly #functions = new Map<string, Made>();
  #count = 0;
  #lastForm: InputForm | undefined;
  #last: Made | undefined;

  /** `areEmitted`: the records are those that an operator emits at timers. */
  constructor(graph: CodeGraph, cursor: Cursor, areEmitted: boolean = false) {
    this.#graph = graph;
    this.#cursor = cursor;
    this.#areEmitted = areEmitted;
  }

  /** Runs a batch, which has rows or columns, through the function that is made for it. Answers false, and does nothing, where there is none: closures do it. */
  run(batch: FusedInput): boolean {
    const run = this.#of(batch);
    if (run === undefined) return false;
    const { length } = batch;
    for (let from = 0; from < length; from += recordsAtOnce) run(batch, from, Math.min(length, from + recordsAtOnce));
    return true;
  }

  #of(batch: FusedInput): FusedFunction | undefined {
    if (this.#last !== undefined && this.#lastForm !== undefined && isOfForm(batch, this.#lastForm) && !isOutdated(this.#last)) return this.#last.run;
    this.#lastForm = { ...formOf(batch), areEmitted: this.#areEmitted };
    this.#last = this.#function(nameOf(this.#lastForm), this.#lastForm);
    return this.#last.run;
  }

  #function(name: string, form: InputForm): Made {
    const known = this.#functions.get(name);
    if (known !== undefined && (!isOutdated(known) || this.#count >= maxFunctions)) return known;
    const made = this.#make(form);
    this.#functions.set(name, made);
    return made;
  }

  /** The text for batches of a form, for people to read. */
  source(form: InputForm): FusedSource | undefined {
    return fusedSource(this.#graph, this.#cursor, form);
  }

  #make(form: InputForm): Made {
    if (this.#count >= maxFunctions || !mayGenerateCode()) return { run: undefined, shapes: [] };
    this.#count++;
    const source = this.source(form);
    if (source === undefined) return { run: undefined, shapes: [] };
    return { run: compileFused(source), shapes: source.shapeless.map((sink) => ({ sink, shape: sink.shape })) };
  }
}

/** A function, and the shapes of sinks' records that it was made for. */
interface Made {
  readonly run: FusedFunction | undefined;
  readonly shapes: readonly { readonly sink: ShapedSink; readonly shape: RecordShape | undefined }[];
}

/** A sink has learned what its records look like, or that they are of many shapes. */
function isOutdated({ shapes }: Made): boolean {
  for (const { sink, shape } of shapes) if (sink.shape !== shape) return true;
  return false;
}

function formOf(batch: FusedInput): InputForm {
  return {
    columns: batch.values === undefined ? batch.columns?.map(columnForm) : undefined,
    hasTimestamps: batch.timestamps !== undefined,
    hasChanges: batch.changes !== undefined,
    hasKeys: batch.keys !== undefined,
    keyColumn: batch.keyColumn,
  };
}

/** Whether `formOf` would give this form, without making it: small batches come by the thousand. */
function isOfForm(batch: FusedInput, form: InputForm): boolean {
  const hasFlags = form.hasTimestamps === (batch.timestamps !== undefined) && form.hasChanges === (batch.changes !== undefined) && form.hasKeys === (batch.keys !== undefined);
  const columns = batch.values === undefined ? batch.columns : undefined;
  if (!hasFlags || form.keyColumn !== batch.keyColumn || columns?.length !== form.columns?.length) return false;
  return columns === undefined || form.columns?.every((known, index) => isSameColumn(known, columnForm(columns[index]!))) === true;
}

function isSameColumn(a: InputColumn, b: InputColumn): boolean {
  return a.name === b.name && a.mayBeNull === b.mayBeNull && a.areTexts === b.areTexts && a.areNumbers === b.areNumbers;
}

function columnForm(column: Column): InputColumn {
  const { name, valid } = column;
  if (column.texts !== undefined) return { name, mayBeNull: false, areTexts: true };
  const { values } = column;
  return { name, mayBeNull: valid !== undefined, areNumbers: values instanceof Float64Array || values instanceof Int32Array };
}

function nameOf({ columns, hasTimestamps, hasChanges, hasKeys, keyColumn }: InputForm): string {
  const flags = (hasTimestamps ? "t" : "") + (hasChanges ? "c" : "") + (hasKeys ? "k" : "") + (keyColumn ?? "");
  return columns === undefined ? `rows ${flags}` : `${flags} ${JSON.stringify(columns)}`;
}

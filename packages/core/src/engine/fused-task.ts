// The fused functions of one task: one for each form of input that arrives, a few at most; closures for everything else.
import { mayGenerateCode } from "../plan/code-generation.ts";
import type { Cursor } from "../contracts/operator.ts";
import type { Batch } from "../record.ts";
import { type CodeGraph, compileFused, fusedSource, type FusedFunction, type FusedSource, type InputForm } from "./fuse.ts";

const maxFunctions = 8;

/** Chooses the function for a batch. */
export class FusedTask {
  readonly #graph: CodeGraph;
  readonly #cursor: Cursor;
  readonly #functions = new Map<string, FusedFunction | undefined>();
  #lastForm = "";
  #last: FusedFunction | undefined;

  constructor(graph: CodeGraph, cursor: Cursor) {
    this.#graph = graph;
    this.#cursor = cursor;
  }

  /** The function for a batch, which has rows or columns; undefined: closures do it. */
  of(batch: Batch): FusedFunction | undefined {
    const form = formOf(batch);
    const name = nameOf(form);
    if (name === this.#lastForm) return this.#last;
    if (!this.#functions.has(name)) this.#functions.set(name, this.#make(form));
    this.#lastForm = name;
    this.#last = this.#functions.get(name);
    return this.#last;
  }

  /** The text for batches of a form, for people to read. */
  source(form: InputForm): FusedSource | undefined {
    return fusedSource(this.#graph, this.#cursor, form);
  }

  #make(form: InputForm): FusedFunction | undefined {
    if (this.#functions.size >= maxFunctions || !mayGenerateCode()) return undefined;
    const source = this.source(form);
    return source === undefined ? undefined : compileFused(source);
  }
}

function formOf(batch: Batch): InputForm {
  return {
    columns: batch.values === undefined ? batch.columns?.map(({ name, valid, values }) => ({ name, mayBeNull: valid !== undefined, areNumbers: values instanceof Float64Array || values instanceof Int32Array })) : undefined,
    hasTimestamps: batch.timestamps !== undefined,
    hasChanges: batch.changes !== undefined,
    hasKeys: batch.keys !== undefined,
  };
}

function nameOf({ columns, hasTimestamps, hasChanges, hasKeys }: InputForm): string {
  const flags = (hasTimestamps ? "t" : "") + (hasChanges ? "c" : "") + (hasKeys ? "k" : "");
  return columns === undefined ? `rows ${flags}` : `${flags} ${JSON.stringify(columns)}`;
}

// Aggregates whose accumulators are numbers: kept in columns, updated without touching an object, in generated code too.
import type { CodeScope, NumberTable, OperatorContext, RecordCode, TaskCode } from "@streamflow/core";
import type { CompiledAggregate, NumberCells, NumericCell, NumericSteps } from "./aggregate-function.ts";

export type { NumberCells, NumericCell };

/** An expression for a column of a cell. */
export type ColumnText = (column: number) => string;

interface Part {
  readonly compiled: CompiledAggregate;
  readonly steps: NumericSteps;
  /** Its first column. */
  readonly at: number;
}

/** The aggregates of one operator, all of them numeric. */
export class NumericAggregates {
  readonly names: readonly string[];
  /** The result of each from its cell, in the order of the names. */
  readonly finishers: readonly ((cell: unknown) => unknown)[];
  /** How many columns a cell has, the operator's own in front. */
  readonly columns: number;
  readonly #parts: readonly Part[];

  private constructor(names: readonly string[], parts: readonly Part[], columns: number) {
    this.names = names;
    this.#parts = parts;
    this.columns = columns;
    this.finishers = parts.map(({ steps, at }) => (cell) => steps.result((cell as NumericCell).space, at, (cell as NumericCell).slot));
  }

  /** Behind the columns that an operator keeps for itself. Undefined where one of them keeps more than numbers. */
  static of(names: readonly string[], compiled: readonly CompiledAggregate[], own: number): NumericAggregates | undefined {
    const parts: Part[] = [];
    let columns = own;
    for (const one of compiled) {
      if (one.numeric === undefined) return undefined;
      parts.push({ compiled: one, steps: one.numeric, at: columns });
      columns += one.numeric.columns;
    }
    return new NumericAggregates(names, parts, columns);
  }

  table(context: OperatorContext, name: string): NumberTable {
    return context.state.numbers(name, { columns: this.columns, format: this.#parts.map(({ compiled, steps, at }) => `${compiled.function.name}@${steps.version}:${at}`).join(",") });
  }

  /** Adds what `AggregateSet.inputs` answered. */
  add(space: NumberCells, slot: number, inputs: readonly unknown[]): void {
    for (let i = 0; i < this.#parts.length; i++) {
      const { steps, at } = this.#parts[i]!;
      steps.add(space, at, slot, inputs[i]);
    }
  }

  /** Whether `merge` may ever be exact. */
  get addsUp(): boolean {
    return this.#parts.every(({ steps }) => steps.isExact !== false);
  }

  /** Whether `merge` gives what the records of the other cell would have given one by one. */
  isExact(into: NumericCell, other: NumericCell): boolean {
    for (const { steps, at } of this.#parts) if (steps.isExact !== undefined && (steps.isExact === false || !steps.isExact(at, into, other))) return false;
    return true;
  }

  /** Adds to a cell what another one holds. */
  merge(into: NumericCell, other: NumericCell): void {
    for (const { steps, at } of this.#parts) steps.merge(at, into, other);
  }

  /** Puts all numbers of a cell, the operator's own too, into another one. */
  copy(into: NumericCell, other: NumericCell): void {
    const [to, from] = [into.space.columns, other.space.columns];
    for (let c = 0; c < this.columns; c++) to[c]![into.slot] = from[c]![other.slot]!;
    if (other.space.extras.size > 0 && other.space.extras.has(other.slot)) into.space.extras.set(into.slot, other.space.extras.get(other.slot));
    else if (into.space.extras.size > 0) into.space.extras.delete(into.slot);
  }

  /** Statements that do as `merge`, where neither cell has anything beside its numbers. */
  mergeCode(scope: CodeScope, into: ColumnText, other: ColumnText): string {
    return this.#parts.map(({ steps, at }) => steps.mergeCode(scope, placesOf(steps, at, into), placesOf(steps, at, other))).join("");
  }

  /** Expressions for the results of such a cell: each a number, or null. */
  resultCode(column: ColumnText): readonly string[] {
    return this.#parts.map(({ steps, at }) => steps.resultCode(placesOf(steps, at, column)));
  }

  /** Statements that compute what a record adds, and go on; a record that cannot be counted is rejected. */
  code(record: RecordCode, task: TaskCode, { fail, use }: { readonly fail: (thrown: unknown) => unknown; readonly use: (add: (space: string, slot: string) => string) => string }): string {
    const isGood = task.temporary();
    const values = this.#parts.map(({ steps }) => (steps.argument === undefined ? undefined : task.temporary()));
    const compute = this.#parts.map(({ steps: { argument, check } }, i) => {
      const value = values[i];
      if (argument === undefined || value === undefined) return "";
      const checked = check === undefined ? "" : `if(typeof ${value}!=="number")${value}=${task.bind(check)}(${value});`;
      return `try{${value}=${argument.code(record, task)};}catch(thrown){throw ${task.bind(argument.explain)}(thrown);}${checked}`;
    });
    const add = (space: string, slot: string): string => {
      const columns = task.temporary();
      return `${columns}=${space}.columns;${this.#parts.map(({ steps, at }, i) => steps.code(task, { columns: placesOf(steps, at, (column) => `${columns}[${column}]`), slot, value: values[i] ?? "undefined", space, at })).join("")}`;
    };
    return `${isGood}=true;
try{${compute.join("")}}catch(thrown){${isGood}=false;${task.reject(record, `${task.bind(fail)}(thrown)`)}}
if(${isGood}){${use(add)}}`;
  }
}

function placesOf({ columns }: NumericSteps, at: number, text: ColumnText): readonly string[] {
  return Array.from({ length: columns }, (_, c) => text(at + c));
}

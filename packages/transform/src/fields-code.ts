// The code of stages that make a record of computed fields: the fields go on as they are, and the record is made only where something asks for it.
import type { RecordCode, StreamFlowError, TaskCode } from "@streamflow/core";
import type { Computed } from "./compute.ts";

/** What a record is made of. */
export interface FieldsCode {
  readonly fields: readonly (readonly [name: string, computed: Computed])[];
  /** The error for a field that cannot be computed; it may throw what fails the pipeline. */
  readonly fail: (thrown: unknown, at: number) => StreamFlowError;
}

/** More fields than this are left to the closure. */
export const mostFieldsInCode = 200;

/** Statements that compute fields and hand on a record of them, or reject the record. A field that is computed as undefined is null. */
export function fieldsCode({ fields, fail }: FieldsCode, record: RecordCode, task: TaskCode): string {
  const [isGood, at] = [task.temporary(), task.temporary()];
  const made = fields.map(([name, computed]) => {
    const code = computed.isExpression ? computed.code(record, task) : `${computed.code(record, task)}??null`;
    // A field that goes on as it is needs no variable, and stays what it is to those who know it: a text of a dictionary.
    return record.isField(code) ? { name, computed, value: code, step: "" } : { name, computed, ...inVariable(code, task) };
  });
  const steps = made.flatMap(({ step }, i) => (step === "" ? [] : [`${at}=${i};${step}`]));
  const numbers = new Set(made.flatMap(({ name, computed }) => (isNumber(computed) ? name : [])));
  const emit = task.emitFields(new Map(made.map(({ name, value }) => [name, value])), record, numbers);
  if (steps.length === 0) return emit;
  return `${isGood}=true;
try{${steps.join("\n")}}catch(thrown){${isGood}=false;${task.reject(record, `${task.bind(fail)}(thrown,${at})`)}}
if(${isGood}){${emit}}`;
}

function inVariable(code: string, task: TaskCode): { readonly value: string; readonly step: string } {
  const value = task.temporary();
  return { value, step: `${value}=${code};` };
}

function isNumber({ type }: Computed): boolean {
  return type !== undefined && type.nullable !== true && (type.type === "int32" || type.type === "float64" || type.type === "timestamp");
}

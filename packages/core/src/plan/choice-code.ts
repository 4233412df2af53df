// The code of stages that send a record to outputs by conditions.
import type { RecordCode, TaskCode } from "../contracts/operator-code.ts";
import type { StreamFlowError } from "../errors.ts";
import type { CompiledCompute } from "./compute.ts";

/** A condition, and where its records go. */
export interface ChoiceRoute {
  readonly computed: CompiledCompute;
  /** Whether what the computation answers is true; throws where it is neither true nor false. */
  readonly isTrue: (value: unknown) => boolean;
  /** Statements that hand the record on. */
  readonly use: string;
}

/** How generated code chooses. */
export interface ChoiceCode {
  readonly routes: readonly ChoiceRoute[];
  /** The first route whose condition holds, rather than all of them. */
  readonly isFirst: boolean;
  /** Statements for a record that no route takes. */
  readonly otherwise: string;
  /** The error that a record is rejected with; it may throw what fails the pipeline. */
  readonly fail: (thrown: unknown) => StreamFlowError;
}

/** Statements that compute all conditions that count, and then hand the record on; where one throws, the record is rejected and goes nowhere. */
export function choiceCode({ routes, isFirst, otherwise, fail }: ChoiceCode, record: RecordCode, task: TaskCode): string {
  const isGood = task.temporary();
  const value = task.temporary();
  const made = routes.map((route) => ({ ...route, chosen: task.temporary() }));
  const tests = made.map(({ computed, isTrue, chosen }) => {
    const compute = `try{${value}=${computed.code(record, task)};}catch(thrown){throw ${task.bind(computed.explain)}(thrown);}`;
    return `${compute}${chosen}=${value}===true||(${value}!==false&&${task.bind(isTrue)}(${value}));`;
  });
  const chain = isFirst ? tests.toReversed().reduce((rest, test, back) => `${test}${rest === "" ? "" : `if(!${made[made.length - 1 - back]?.chosen}){${rest}}`}`, "") : tests.join("\n");
  const none = made.map(({ chosen }) => `!${chosen}`).join("&&");
  const uses = made.map(({ chosen, use }) => `if(${chosen}){${use}}`).join(isFirst ? "else " : "\n");
  return `${isGood}=true;${made.map(({ chosen }) => `${chosen}=false;`).join("")}
try{${chain}}catch(thrown){${isGood}=false;${task.reject(record, `${task.bind(fail)}(thrown)`)}}
if(${isGood}){if(${none}){${otherwise}}else{${uses}}}`;
}

// Makes records of named fields: by one generated literal where that is allowed, so that all of them share a hidden class; else field by field.
import { generatedFunction, mayGenerateCode, propertyName } from "@streamflow/core";

/** A field and what computes it. */
export type MadeField = readonly [name: string, evaluate: (record: unknown) => unknown];

/** Makes a record of another one. @throws FieldFailure */
export type RecordMaker = (record: unknown) => unknown;

/** What a maker throws: the field that could not be computed, and why. Never leaves the operator. */
export interface FieldFailure {
  readonly name: string;
  readonly cause: unknown;
}

const mostGenerated = 200;

/** A maker of records with these fields, in this order; a field that is computed as undefined is null. */
export function recordMaker(fields: readonly MadeField[]): RecordMaker {
  return mayGenerateCode() && fields.length <= mostGenerated ? generatedRecordMaker(fields) : loopedRecordMaker(fields);
}

/** The maker as one literal. */
export function generatedRecordMaker(fields: readonly MadeField[]): RecordMaker {
  const names = fields.map(([name]) => name);
  const steps = fields.map((_, at) => `at = ${at}; const v${at} = e${at}(record) ?? null;`).join("\n");
  const body = `const [${fields.map((_, at) => `e${at}`).join(", ")}] = evaluators;
return (record) => { let at = 0; try { ${steps}
return { ${names.map((name, at) => `${propertyName(name)}: v${at}`).join(", ")} }; } catch (cause) { throw { name: names[at], cause }; } };`;
  return generatedFunction(["evaluators", "names"], body)(fields.map(([, evaluate]) => evaluate), names) as RecordMaker;
}

/** The same without generated code. */
export function loopedRecordMaker(fields: readonly MadeField[]): RecordMaker {
  return (record) => {
    const entries: (readonly [name: string, value: unknown])[] = [];
    for (const [name, evaluate] of fields) {
      try {
        entries.push([name, evaluate(record) ?? null]);
      } catch (cause) {
        // oxlint-disable-next-line typescript/only-throw-error -- see FieldFailure
        throw { name, cause } satisfies FieldFailure;
      }
    }
    return Object.fromEntries(entries);
  };
}

/** Copies a record and sets one field of it. */
export type FieldSetter = (record: object, value: unknown) => object;

/** A setter of a field: behind the others, or in place where the record has it. */
export function fieldSetter(name: string): FieldSetter {
  if (!mayGenerateCode()) return (record, value) => ({ ...record, [name]: value });
  return generatedFunction([], `return (record, value) => ({ ...record, ${propertyName(name)}: value });`)() as FieldSetter;
}

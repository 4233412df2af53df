// Rows of columns, all of one hidden class.
import { generatedFunction, mayGenerateCode, propertyName } from "../plan/code-generation.ts";
import type { Column } from "../record.ts";

/** Makes the first `length` rows of columns, which lack no value. */
export type RowMaker = (columns: readonly Column[], length: number) => unknown[];

/** A maker of rows with these fields, one for each column. */
export function rowMaker(names: readonly string[]): RowMaker {
  if (!mayGenerateCode()) return (columns, length) => Array.from({ length }, (_, i) => Object.fromEntries(names.map((name, at) => [name, columns[at]?.values[i]])));
  const columns = names.map((_, at) => `c${at}=columns[${at}].values`);
  const literal = `{${names.map((name, at) => `${propertyName(name)}:c${at}[i]`).join(",")}}`;
  return generatedFunction(["columns", "length"], `const ${columns.join(",")},rows=[];for(let i=0;i<length;i++)rows.push(${literal});return rows;`) as RowMaker;
}

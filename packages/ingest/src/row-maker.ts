// Rows of fixed fields: one generated literal, so that all of them share a hidden class.
import type { Column } from "@streamflow/core";
import { generatedFunction, mayGenerateCode, propertyName } from "@streamflow/core";

/** More fields than this are put together one by one. */
const maxLiteral = 200;

/** Makes the first `count` rows of columns. */
export type RowMaker = (columns: readonly Column[], count: number) => unknown[];

/** A maker of rows with these fields, one for each column. */
export function rowMaker(names: readonly string[]): RowMaker {
  if (!mayGenerateCode() || names.length > maxLiteral) return (columns, count) => Array.from({ length: count }, (_, i) => Object.fromEntries(names.map((name, c) => [name, columns[c]?.values[i]])));
  const locals = names.map((_, i) => `const c${i}=columns[${i}].values;`).join("");
  const fields = names.map((name, i) => `${propertyName(name)}:c${i}[i]`).join(",");
  return generatedFunction(["columns", "count"], `${locals}const rows=[];for(let i=0;i<count;i++)rows.push({${fields}});return rows;`) as RowMaker;
}

/** Makes one row of its values. */
export type RecordMaker = (values: readonly unknown[]) => unknown;

/** A maker of rows with these fields, one for each value. */
export function recordMaker(names: readonly string[]): RecordMaker {
  if (!mayGenerateCode() || names.length > maxLiteral) return (values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return generatedFunction(["values"], `return {${names.map((name, i) => `${propertyName(name)}:values[${i}]`).join(",")}};`) as RecordMaker;
}

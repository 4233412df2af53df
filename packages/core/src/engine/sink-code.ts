// The code that hands a record to a sink as columns: each field into an array of its own, without ever making the record.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Emit } from "../contracts/operator.ts";
import type { RecordFrame } from "../contracts/operator-code.ts";
import { generatedFunction, propertyName } from "../plan/code-generation.ts";
import type { SourceScope } from "../plan/expression-source.ts";
import type { Column } from "../record.ts";
import type { ColumnForm } from "./held-output.ts";
import type { SinkInput, SinkPort } from "./sink-port.ts";

/** The fields of a record: expressions. */
export interface FieldTexts {
  readonly fields: ReadonlyMap<string, string>;
  /** Those that are numbers as far as is known. */
  readonly numbers: ReadonlySet<string>;
}

/** More fields than this are a row. */
const maxFields = 200;

/** The sink behind an emitter, where one is there that takes columns. */
export function columnSink(emit: Emit): SinkInput | undefined {
  if (!("port" in emit)) return undefined;
  const input = emit as Emit & SinkInput;
  return input.port.readsColumns ? input : undefined;
}

interface Way {
  readonly port: SinkPort;
  readonly shard: ShardId;
  readonly form: ColumnForm;
  /** Distinguishes its variables. */
  readonly name: string;
}

/** The ways into sinks that one generated function has. */
export class SinkWays {
  readonly #scope: SourceScope;
  readonly #ways: Way[] = [];

  constructor(scope: SourceScope) {
    this.#scope = scope;
  }

  /**
   * Statements that hand a record to a sink. A value that is not of its column's form, and a record behind rows, goes the closure's way: `row`.
   */
  hand({ port, shard }: SinkInput, record: FieldTexts & RecordFrame, row: string): string | undefined {
    if (record.fields.size === 0 || record.fields.size > maxFields) return undefined;
    const way = this.#way({ port, shard }, record);
    const { name } = way;
    const values = [...record.fields.values()].map((text) => ({ text, value: this.#scope.temporary() }));
    const checks = way.form.areNumbers.flatMap((isNumber, at) => (isNumber ? `&&typeof ${values[at]?.value}==="number"` : []));
    const fills = values.map(({ value }, at) => `${name}c${at}[${name}n]=${value};`);
    const change = record.change === "0" ? `${name}k[${name}n]=0;` : `if((${name}k[${name}n]=${record.change})!==0)${name}.anyChange=true;`;
    return `if(${name}!==undefined){${values.map(({ text, value }) => `${value}=${text};`).join("")}
if(${name}.form===${this.#scope.bind(way.form)}${checks.join("")}){${name}n=${name}.length;if(${name}n===${name}.capacity){${name}.grow();${this.#load(way)}}
if(${name}.shard!==${this.#scope.bind(shard)})${name}.run(${this.#scope.bind(shard)});
${fills.join("")}${name}t[${name}n]=${record.time};${name}i[${name}n]=i;${change}${name}.length=${name}n+1;}else{${row}}}`;
  }

  /** Statements in front of the loop over a batch. */
  get declarations(): string {
    return this.#ways.map((way) => {
      const { name, port, shard, form } = way;
      const columns = form.names.map((_, at) => `,${name}c${at}`).join("");
      return `const ${name}=${this.#scope.bind(port)}.enterColumns(${this.#scope.bind(shard)},${this.#scope.bind(form)});let ${name}n=0,${name}t,${name}i,${name}k${columns};if(${name}!==undefined){${this.#load(way)}}`;
    }).join("\n");
  }

  #load({ name, form }: Way): string {
    return `${name}t=${name}.times;${name}i=${name}.indexes;${name}k=${name}.changes;${form.names.map((_, at) => `${name}c${at}=${name}.columns[${at}];`).join("")}`;
  }

  #way({ port, shard }: SinkInput, { fields, numbers }: FieldTexts): Way {
    const names = [...fields.keys()];
    const known = this.#ways.find((way) => way.port === port && way.shard === shard && way.form.names.length === names.length && names.every((name, at) => way.form.names[at] === name && way.form.areNumbers[at] === numbers.has(name)));
    if (known !== undefined) return known;
    const form: ColumnForm = { names, areNumbers: names.map((name) => numbers.has(name)), rowsOf: rowMaker(names) };
    const way: Way = { port, shard, form, name: `w${this.#ways.length}` };
    this.#ways.push(way);
    return way;
  }
}

/** Makes rows of columns, all of one hidden class. */
function rowMaker(names: readonly string[]): (columns: readonly Column[], length: number) => unknown[] {
  const columns = names.map((_, at) => `c${at}=columns[${at}].values`);
  const literal = `{${names.map((name, at) => `${propertyName(name)}:c${at}[i]`).join(",")}}`;
  return generatedFunction(["columns", "length"], `const ${columns.join(",")},rows=[];for(let i=0;i<length;i++)rows.push(${literal});return rows;`) as (columns: readonly Column[], length: number) => unknown[];
}

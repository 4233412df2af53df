// The code that hands a record to a sink as columns: each field into an array of its own, without ever making the record.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { Emit } from "../contracts/operator.ts";
import type { MadeRecord, RecordFrame, TextCode } from "../contracts/operator-code.ts";
import type { SourceScope } from "../plan/expression-source.ts";
import type { ColumnForm, ColumnKind } from "./held-output.ts";
import type { RecordShape } from "./record-shape.ts";
import { rowMaker } from "./row-maker.ts";
import type { SinkInput, SinkPort } from "./sink-port.ts";

/** The fields of a record: expressions. */
export interface FieldTexts {
  readonly fields: ReadonlyMap<string, string>;
  /** Those that are numbers as far as is known. */
  readonly numbers: ReadonlySet<string>;
}

/** A value that a user's function has made, and what it will most likely look like. */
export interface ShapedValue {
  readonly record: RecordFrame & { readonly bare: string; readonly made: MadeRecord; readonly origin: FieldTexts | undefined };
  readonly shape: RecordShape;
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

/** A value on its way into a column. */
interface Place {
  readonly kind: ColumnKind;
  readonly value: string;
  readonly text: TextCode | undefined;
  /** A condition under which the value is the text; "" where it always is. */
  readonly isText: string;
}

/** Where the records of a function come from. */
export interface Origin {
  /** Where the record in hand is in its batch: an expression. */
  readonly index: string;
  /** What is read stays as it is until the sinks have written: it belongs to the batch in hand. What timers emit may lie in tables. */
  readonly stays: boolean;
}

/** The ways into sinks that one generated function has. */
export class SinkWays {
  /** By expression: fields that are texts. */
  readonly texts: Map<string, TextCode> = new Map();
  readonly #scope: SourceScope;
  readonly #ways: Way[] = [];
  readonly #origin: Origin;

  constructor(scope: SourceScope, origin: Origin) {
    this.#scope = scope;
    this.#origin = origin;
  }

  /**
   * Statements that hand a record to a sink. A value that is not of its column's form, and a record behind rows, goes the closure's way: `row`.
   */
  hand(input: SinkInput, record: FieldTexts & RecordFrame, row: string): string | undefined {
    if (record.fields.size === 0 || record.fields.size > maxFields) return undefined;
    const places = [...record.fields].map(([name, expression]): Place & { readonly load: string } => {
      const text = this.texts.get(expression);
      if (text !== undefined) return { kind: "texts", value: expression, text, isText: "", load: "" };
      const value = this.#scope.temporary();
      return { kind: record.numbers.has(name) ? "numbers" : "values", value, text: undefined, isText: "", load: `${value}=${expression};` };
    });
    const way = this.#way(input, [...record.fields.keys()], places);
    return `if(${way.name}!==undefined){${places.map(({ load }) => load).join("")}
if(${way.name}.form===${this.#scope.bind(way.form)}${numberChecks(places)}){${this.#store(way, places, record)}}else{${row}}}`;
  }

  /** As `hand`, for a value whose fields are only known by what others were: one of another shape is a row. */
  handValue(input: SinkInput, { record, shape }: ShapedValue, row: string): string | undefined {
    const { names, areNumbers } = shape;
    const { bare: r, made } = record;
    const places = names.map((name, at): Place => {
      const carried = made.carried.get(name);
      if (carried !== undefined) return { kind: "texts", value: carried, text: this.texts.get(carried), isText: "" };
      const value = this.#scope.temporary();
      const expression = record.origin?.fields.get(name);
      const text = expression === undefined ? undefined : this.texts.get(expression);
      return { kind: text !== undefined ? "texts" : areNumbers[at] === true ? "numbers" : "values", value, text, isText: `&&${value}===${expression}` };
    });
    const way = this.#way(input, names, places);
    const isForm = `${way.name}.form===${this.#scope.bind(way.form)}`;
    const loads = names.map((name, at) => (made.carried.has(name) ? "" : `${places[at]?.value}=${r}[${JSON.stringify(name)}];`)).join("");
    const store = this.#store(way, places, record);
    if (made.names !== undefined && made.names.length === names.length && made.names.every((name, at) => name === names[at])) {
      return `if(${way.name}!==undefined){${loads}
if(${isForm}${numberChecks(places)}){${store}}else{${row}}}`;
    }
    const count = this.#scope.temporary();
    const [list, prototype] = [this.#scope.bind(names), this.#scope.bind(Object.prototype)];
    return `if(${way.name}!==undefined){${count}=-1;
if(${isForm}&&typeof ${r}==="object"&&${r}!==null&&${r}.__proto__===${prototype}){${count}=0;for(const k in ${r})if(k!==${list}[${count}++]){${count}=-1;break;}}
if(${count}===${names.length}){${loads}}
if(${count}===${names.length}${numberChecks(places)}){${store}}else{${row}}}`;
  }

  /** Statements in front of the loop over a batch. */
  get declarations(): string {
    return this.#ways.map((way) => {
      const { name, port, shard, form } = way;
      const columns = form.names.map((_, at) => `,${name}c${at}`).join("");
      return `const ${name}=${this.#scope.bind(port)}.enterColumns(${this.#scope.bind(shard)},${this.#scope.bind(form)});let ${name}n=0,${name}t,${name}i,${name}k${columns};if(${name}!==undefined){${this.#load(way)}}`;
    }).join("\n");
  }

  #store(way: Way, places: readonly Place[], record: RecordFrame): string {
    const { name } = way;
    const shard = this.#scope.bind(way.shard);
    const { index, stays } = this.#origin;
    const fills = places.map(({ value, text, isText }, at) => {
      if (text === undefined) return `${name}c${at}[${name}n]=${value};`;
      return `if(${text.start}>=0${isText})${name}c${at}.${stays ? "place" : "copy"}(${name}n,${text.bytes},${text.start},${text.end});else ${name}c${at}.put(${name}n,${value});`;
    });
    const change = record.change === "0" ? `${name}k[${name}n]=0;` : `if((${name}k[${name}n]=${record.change})!==0)${name}.anyChange=true;`;
    return `${name}n=${name}.length;if(${name}n===${name}.capacity){${name}.grow();${this.#load(way)}}
if(${name}.shard!==${shard})${name}.run(${shard});
${fills.join("")}${name}t[${name}n]=${record.time};${name}i[${name}n]=${index};${change}${name}.length=${name}n+1;`;
  }

  #load({ name, form }: Way): string {
    const columns = form.names.map((_, at) => `${name}c${at}=${name}.columns[${at}];`);
    return `${name}t=${name}.times;${name}i=${name}.indexes;${name}k=${name}.changes;${columns.join("")}`;
  }

  #way({ port, shard }: SinkInput, names: readonly string[], places: readonly Place[]): Way {
    const isSame = (way: Way): boolean =>
      way.port === port && way.shard === shard && way.form.names.length === names.length && names.every((name, at) => way.form.names[at] === name && way.form.kinds[at] === places[at]?.kind);
    const known = this.#ways.find(isSame);
    if (known !== undefined) return known;
    const form: ColumnForm = { names, kinds: places.map(({ kind }) => kind), rowsOf: rowMaker(names) };
    const way: Way = { port, shard, form, name: `w${this.#ways.length}` };
    this.#ways.push(way);
    return way;
  }
}

function numberChecks(places: readonly Place[]): string {
  return places.map(({ kind, value }) => (kind === "numbers" ? `&&typeof ${value}==="number"` : "")).join("");
}

// The code that makes a row of the values of a layout: an object literal, so that all rows of a layout share one hidden class.
import type { DataType, StructType } from "@streamflow/core";
import { propertyName, StreamFlowError } from "@streamflow/core";
import { project, wantedField, type Wanted } from "../projection.ts";
import { isNumber, keepsDigits } from "../typed-record.ts";
import { Kind, type Layout } from "./layout.ts";
import { type FieldCode, valueName, type RowCode } from "./scanner.ts";

/** What is to be made of each record. */
export interface RowPlan {
  readonly wanted: Wanted;
  /** The declared type of a record, cut to what is wanted. */
  readonly schema: StructType | undefined;
  /** A JSON value, or a `NestedText`, as a value of a type; undefined where it is not one. */
  readonly convert: (value: unknown, type: DataType) => unknown;
}

interface Tree {
  leaf?: number;
  readonly children: Map<string, Tree>;
}

/** The row code of a layout, or undefined where no record of the layout fits the schema. Functions that it calls are added to `calls`. */
export function rowCode(plan: RowPlan, layout: Layout, options: { index: number; calls: ((value: unknown) => unknown)[] }): RowCode | undefined {
  const writer = new RowWriter(plan, layout, options);
  const tree = treeOf(layout);
  try {
    const expression = plan.schema === undefined ? writer.plain(tree, plan.wanted) : writer.record(tree, plan.schema);
    return { used: writer.used, digits: writer.digits, checks: writer.checks, expression, ...(writer.fields === undefined ? {} : { fields: writer.fields }) };
  } catch (thrown) {
    if (thrown === misfit) return undefined;
    throw thrown;
  }
}

function treeOf(layout: Layout): Tree {
  const root: Tree = { children: new Map() };
  layout.leaves.forEach((leaf, i) => {
    let node = root;
    for (const name of leaf.path) {
      const next: Tree = node.children.get(name) ?? { children: new Map() };
      node.children.set(name, next);
      node = next;
    }
    node.leaf = i;
  });
  return root;
}

const misfit = new StreamFlowError("SF_INTERNAL", "no record of this layout fits the schema");

class RowWriter {
  readonly used = new Set<number>();
  readonly digits = new Set<number>();
  checks = "";
  /** The code of the record's fields. */
  fields: readonly FieldCode[] | undefined;
  readonly #plan: RowPlan;
  readonly #layout: Layout;
  readonly #options: { index: number; calls: ((value: unknown) => unknown)[] };

  constructor(plan: RowPlan, layout: Layout, options: { index: number; calls: ((value: unknown) => unknown)[] }) {
    this.#plan = plan;
    this.#layout = layout;
    this.#options = options;
  }

  /** Without a schema: what JSON.parse gives, cut to what is wanted. */
  plain(tree: Tree, wanted: Wanted): string {
    if (tree.leaf !== undefined) {
      const value = this.#use(tree.leaf);
      // Whatever is read by the general reader may be an object, whether one was seen here before or not.
      const kinds = this.#kinds(tree.leaf);
      const mayBeObject = kinds !== Kind.string && kinds !== Kind.integer;
      return wanted === "all" || !mayBeObject ? value : this.#call((whole) => project(whole, wanted), value);
    }
    const fields: string[] = [];
    for (const [name, child] of tree.children) {
      const inner = wantedField(wanted, name);
      if (inner !== undefined) fields.push(`${propertyName(name)}:${this.plain(child, inner)}`);
    }
    return `{${fields.join(",")}}`;
  }

  /** A whole record of a schema. */
  record(tree: Tree, schema: StructType): string {
    this.fields = schema.fields.map(({ name, type }) => this.#field(tree.children.get(name), type));
    return `{${schema.fields.map((field, at) => `${propertyName(field.name)}:${this.fields?.[at]?.expression ?? "null"}`).join(",")}}`;
  }

  #field(tree: Tree | undefined, type: DataType): FieldCode {
    const expression = this.typed(tree, type);
    const leaf = tree?.leaf;
    if (leaf === undefined) return { expression };
    const kinds = this.#kinds(leaf);
    return type.type === "string" && kinds === Kind.string ? { expression, text: leaf } : { expression, isNumber: kinds === Kind.integer && isNumber(type) };
  }

  typed(tree: Tree | undefined, type: DataType): string {
    if (tree === undefined) {
      if (type.nullable === true) return "null";
      throw misfit;
    }
    if (tree.leaf !== undefined) return this.#typedLeaf(tree.leaf, type);
    if (type.type === "any") return this.plain(tree, "all");
    if (type.type !== "struct") throw misfit;
    return `{${type.fields.map((field) => `${propertyName(field.name)}:${this.typed(tree.children.get(field.name), field.type)}`).join(",")}}`;
  }

  #typedLeaf(leaf: number, type: DataType): string {
    const value = this.#use(leaf);
    const kinds = this.#kinds(leaf);
    const test = quickTest(type, kinds, value);
    if (test !== undefined) this.#leave(test);
    else {
      const { convert } = this.#plan;
      if (keepsDigits(type)) this.digits.add(leaf);
      this.checks += `${value}=${this.#call((json) => convert(json, type), value)};`;
      this.#leave(`${value}===undefined`);
    }
    return type.type === "int64" && kinds === Kind.integer ? `BigInt(${value})` : value;
  }

  /** Leaves the record to the slow path, which says what is wrong with it. */
  #leave(condition: string): void {
    if (condition !== "") this.checks += `if(${condition})break ok;`;
  }

  #use(leaf: number): string {
    this.used.add(leaf);
    return valueName(this.#options.index, leaf);
  }

  #kinds(leaf: number): number {
    return this.#layout.leaves[leaf]?.kinds ?? 0;
  }

  #call(run: (value: unknown) => unknown, argument: string): string {
    this.#options.calls.push(run);
    return `H.calls[${this.#options.calls.length - 1}](${argument})`;
  }
}

/**
 * The condition under which a value of these kinds is not of the type; "" where it always is. undefined: only the conversion knows.
 */
function quickTest(type: DataType, kinds: number, value: string): string | undefined {
  if (type.type === "string") return stringTest(type, kinds, value);
  const isQuick = (kinds & ~quickKinds(type)) === 0;
  return isQuick ? (tests[type.type]?.(value) ?? "") : undefined;
}

function stringTest(type: DataType, kinds: number, value: string): string | undefined {
  if (kinds === Kind.string) return "";
  const usual = Kind.string | Kind.escaped | (type.nullable === true ? Kind.literal : 0);
  if ((kinds & ~usual) !== 0) return undefined;
  return type.nullable === true ? `${value}!==null&&typeof ${value}!=="string"` : `typeof ${value}!=="string"`;
}

/** Kinds of values that are of a type by a simple test. */
function quickKinds(type: DataType): number {
  if (type.type === "float64") return Kind.integer | Kind.number;
  if (type.type === "int32" || type.type === "int64" || type.type === "timestamp") return Kind.integer;
  return type.type === "any" && type.nullable === true ? anyKind : 0;
}

const anyKind = Kind.string | Kind.escaped | Kind.integer | Kind.number | Kind.literal | Kind.nested;

const tests: Readonly<Partial<Record<DataType["type"], (value: string) => string>>> = {
  // A value read by the general reader may be of another kind than any seen before.
  float64: (value) => `typeof ${value}!=="number"`,
  int32: (value) => `(${value}|0)!==${value}`,
};

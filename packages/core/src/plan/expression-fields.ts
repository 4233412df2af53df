// Which fields an expression reads: what a decoder is asked for.
import type { Projection } from "../contracts/codec.ts";
import type { Expression } from "./expression.ts";

/** The paths that an expression reads, sorted, none inside another; `"all"` where it reads the whole record. */
export function expressionFields(expression: Expression): Projection {
  const paths: (readonly string[])[] = [];
  collect(expression, [], paths);
  return mergeProjections([paths]);
}

/** Everything that any of several readers reads: sorted, and without paths inside others. */
export function mergeProjections(projections: readonly Projection[]): Projection {
  const paths: (readonly string[])[] = [];
  for (const projection of projections) {
    if (projection === "all") return "all";
    paths.push(...projection);
  }
  const kept: (readonly string[])[] = [];
  for (const path of paths.toSorted(comparePaths)) {
    if (path.length === 0) return "all";
    const last = kept.at(-1);
    // In this order a path stands right behind the one that it lies in.
    if (last === undefined || !last.every((step, i) => step === path[i])) kept.push(path);
  }
  return kept;
}

function comparePaths(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const left = a[i] ?? "";
    const right = b[i] ?? "";
    if (left !== right) return left < right ? -1 : 1;
  }
  return a.length - b.length;
}

/** `rest` is what is read of the node's value, from the inside out of members around it. */
function collect(node: Expression, rest: readonly string[], into: (readonly string[])[]): void {
  switch (node.kind) {
    case "literal": return;
    case "field": return void into.push([...node.path, ...rest]);
    case "member": return collect(node.object, [node.name, ...rest], into);
    case "index":
      if (node.index.kind === "literal" && typeof node.index.value === "string") return collect(node.object, [node.index.value, ...rest], into);
      collect(node.object, [], into);
      return collect(node.index, [], into);
    case "conditional":
      collect(node.test, [], into);
      collect(node.then, rest, into);
      return collect(node.otherwise, rest, into);
    default: for (const child of operandsOf(node)) collect(child, [], into);
  }
}

function operandsOf(node: Exclude<Expression, { kind: "literal" | "field" | "member" | "index" | "conditional" }>): readonly Expression[] {
  switch (node.kind) {
    case "unary": return [node.operand];
    case "binary": return [node.left, node.right];
    case "call": return node.arguments;
    case "list": return node.items;
    case "object": return node.entries.map(([, value]) => value);
  }
}

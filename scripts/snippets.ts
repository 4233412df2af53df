// Finds the ```ts blocks of Markdown pages and doc comments, and makes programs of them.
//   A block of a Markdown page is a program as it stands, with its own imports.
//   A block of a doc comment also sees the exports of its own file and of its package's entry point.
//   A line `expression; // => value` asserts that the expression's value is deeply equal to the value; so does
//   `const name = expression; // => value`. The value may go on in further comment lines: `//    …`.

import { parse, type Node } from "acorn";
import { readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { root } from "./workspace.ts";

export interface Snippet {
  /** The file and line it comes from. */
  readonly file: string;
  readonly line: number;
  readonly code: string;
}

export function snippetsIn(file: string): Snippet[] {
  const text = readFileSync(join(root, file), "utf8");
  if (file.endsWith(".md")) return blocksIn(file, text, 1);
  return [...text.matchAll(/\/\*\*[\s\S]*?\*\//g)].flatMap((comment) => {
    const firstLine = text.slice(0, comment.index).split("\n").length;
    const body = comment[0].replaceAll(/^[ \t]*(?:\/\*\*|\*\/|\*) ?/gm, "").replace(/\*\/$/, "");
    return blocksIn(file, body, firstLine);
  });
}

function blocksIn(file: string, text: string, firstLine: number): Snippet[] {
  return [...text.matchAll(/^([ \t]*)```ts\n([\s\S]*?)^[ \t]*```/gm)].map((block) => ({
    file,
    line: firstLine + text.slice(0, block.index).split("\n").length,
    code: block[2]!.replaceAll(new RegExp(`^${block[1]}`, "gm"), ""),
  }));
}

export function isRunnable(snippet: Snippet): boolean {
  return /\/\/ => /.test(snippet.code);
}

/**
 * The program of a snippet. `origins` are the modules whose exports it may use without an import, the nearest first;
 * an exported type is listed as `type Name`.
 */
export function programOf(snippet: Snippet, origins: ReadonlyMap<string, readonly string[]>): string {
  const words = new Set(snippet.code.match(/[A-Za-z_$][\w$]*/g));
  const taken = new Set([...snippet.code.matchAll(/\b(?:const|let|class|function|interface|type|import)\s+(?:type\s+)?([\w$]+)/g)].map((match) => match[1]));
  for (const list of snippet.code.matchAll(/\bimport\b[^;"']*?\{([^}]*)\}/g)) {
    for (const name of list[1]!.split(",")) taken.add(name.trim().split(/\s+/).at(-1) ?? "");
  }
  const imports: string[] = [];
  for (const [specifier, names] of origins) {
    const wanted = names.filter((name) => words.has(bare(name)) && !taken.has(bare(name)));
    for (const name of wanted) taken.add(bare(name));
    if (wanted.length > 0) imports.push(`import { ${wanted.join(", ")} } from ${JSON.stringify(specifier)};`);
  }
  // On one line, so that the snippet's lines keep their distance.
  return `${imports.join(" ")}\n${snippet.code}\nexport {};\n`;
}

/** `type Name` → `Name`. */
function bare(name: string): string {
  return name.replace(/^type /, "");
}

/** The program as JavaScript that calls `check(actual, expected, line)` for each `// =>`. */
export function runnableProgram(program: string): string {
  const comments: { readonly value: string; readonly start: number; readonly end: number; readonly line: number; readonly alone: boolean }[] = [];
  const code = stripTypeScriptTypes(program, { mode: "strip" });
  const lineOf = (offset: number): number => code.slice(0, offset).split("\n").length;
  const tree = parse(code, {
    ecmaVersion: "latest",
    sourceType: "module",
    onComment: (isBlock, value, start, end) => {
      if (isBlock) return;
      const before = code.slice(code.lastIndexOf("\n", start) + 1, start);
      comments.push({ value, start, end, line: lineOf(start), alone: before.trim() === "" });
    },
  });
  const expectations = new Map<number, string>();
  for (const [index, comment] of comments.entries()) {
    if (!comment.value.startsWith(" => ")) continue;
    let value = comment.value.slice(4);
    for (let next = index + 1, line = comment.line + 1; comments[next]?.alone === true && comments[next]!.line === line; next++, line++) {
      if (!comments[next]!.value.startsWith("   ")) break;
      value += comments[next]!.value;
    }
    expectations.set(comment.line, value);
  }
  const edits: { readonly at: number; readonly text: string }[] = [];
  for (const statement of statementsOf(tree)) {
    const line = lineOf(statement.end);
    const expected = expectations.get(line);
    if (expected === undefined) continue;
    expectations.delete(line);
    if (statement.type === "ExpressionStatement") {
      edits.push({ at: statement.expression.start, text: "__check((" });
      edits.push({ at: statement.expression.end, text: `), (${expected}), ${line - 1})` });
    } else {
      edits.push({ at: statement.end, text: ` __check(${statement.name}, (${expected}), ${line - 1});` });
    }
  }
  if (expectations.size > 0) {
    throw new Error(`line ${[...expectations.keys()].map((line) => line - 1).join(", ")}: \`// =>\` follows no expression or const`);
  }
  return edits.sort((a, b) => b.at - a.at).reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), code);
}

/** The module whose `check` runnable programs call; `takeFailures` answers what was not as expected. */
export const checkModule: string = `import { isDeepStrictEqual, inspect } from "node:util";
let failures = [];
export function check(actual, expected, line) {
  if (!isDeepStrictEqual(actual, expected)) failures.push({ line, message: \`expected \${inspect(expected)}, got \${inspect(actual)}\` });
  return actual;
}
export function takeFailures() { const taken = failures; failures = []; return taken; }
`;

type Statement =
  | { readonly type: "ExpressionStatement"; readonly end: number; readonly expression: Node }
  | { readonly type: "VariableDeclaration"; readonly end: number; readonly name: string };

/** The expression statements, and the declarations of one plain name, anywhere in a tree. */
function statementsOf(node: unknown): Statement[] {
  if (Array.isArray(node)) return node.flatMap(statementsOf);
  if (typeof node !== "object" || node === null || !("type" in node)) return [];
  const { type, end } = node as Node;
  const inner = Object.values(node).flatMap(statementsOf);
  if (type === "ExpressionStatement") return [{ type, end, expression: (node as unknown as { expression: Node }).expression }, ...inner];
  if (type === "VariableDeclaration") {
    const { declarations } = node as unknown as { declarations: { id: { type: string; name: string } }[] };
    if (declarations.length === 1 && declarations[0]!.id.type === "Identifier") return [{ type, end, name: declarations[0]!.id.name }, ...inner];
  }
  return inner;
}

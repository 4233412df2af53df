import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { factsOf } from "./function-source.ts";

type Anything = (...given: never[]) => unknown;

/** A function of exactly this text. */
function made(text: string): Anything {
  return new Function("outer", `return (${text});`)({ list: [1, 2], call: (value: unknown) => value, seen: [] }) as Anything;
}

const facts = (text: string): unknown => {
  const known = factsOf(made(text));
  return known === undefined ? undefined : { reads: [...known.reads].sort().join(), names: known.names?.join(), carried: [...known.carried].map((pair) => pair.join("<")).join() };
};

describe("what is known", () => {
  it.each([
    ["(r) => r.price >= 10000", { reads: "price" }],
    ["r => r?.price", { reads: "price" }],
    ["(r) => r.a.b.c(1) / 2 + r.d", { reads: "a,d" }],
    ["(r) => outer.list.some((x) => x === r.a)", { reads: "a" }],
    ["(r) => { const x = r.a; let y = r.b; x + y; }", { reads: "a,b" }],
    ["(r) => outer.r.x + r.a // and so on\n /* more */ * 2", { reads: "a" }],
    ["(r) => r.if + r.return", { reads: "if,return" }],
    ["() => 1", undefined],
    ["({ price }) => price > 1", { reads: "price" }],
    ["({ price, \"a-b\": c, }) => { for (const x of outer.list) if (x > price) return /\"/.test(c); }", { reads: "a-b,price" }],
    ["({ a, b: c }) => ({ a, twice: c * 2, 'd e': outer.list })", { reads: "a,b", names: "a,twice,d e", carried: "a<a" }],
    ["(r) => ({ a: r.a, b: r.b + r.c, d: r.c })", { reads: "a,b,c", names: "a,b,d", carried: "a<a" }],
    ["(r) => ({ a: r.a, b: { a: r.b }, c: [r.c] })", { reads: "a,b,c", names: "a,b,c", carried: "a<a" }],
    ["({ a }) => ({ a: a })", { reads: "a", names: "a", carried: "a<a" }],
    ["({ a, b }) => ({ x: a, y: a, z: b, w: [b] })", { reads: "a,b", names: "x,y,z,w" }],
    ["({ a }) => ({ a, f: (a) => a })", { reads: "a", names: "a,f" }],
    ["({ a }) => ({ a, f: { a: 1 } })", { reads: "a", names: "a,f", carried: "a<a" }],
    ["({ a }) => ({ 1: a })", { reads: "a" }],
    ["({ a }) => ({ \"1\": a })", { reads: "a" }],
    ["({ a }) => ({ __proto__: a })", { reads: "a" }],
    ["({ a }) => ({ a, a: 1 })", { reads: "a" }],
    ["({ a }) => ({ ...outer, a })", { reads: "a" }],
    ["({ a }) => ({ [a]: a })", { reads: "a" }],
    ["({ a }) => ({ get a() { return 1; } })", { reads: "a" }],
    ["({ a }) => ({ a }).a", { reads: "a" }],
    ["({ a }) => ({ a }, { a })", { reads: "a" }],
    ["({ a }) => (outer.x = { a })", { reads: "a" }],
    ["({ a }) => ({ a, b: eval(\"a\") })", { reads: "a" }],
    ["({ k, n }) => ({ k, z: (() => { let q\n/'/; return k + 'y'; let z = /'+q/ })(), n })", { reads: "k,n" }],
    ["(r) => ({ })", { reads: "", names: "" }],
  ])("%s", (text, expected) => {
    expect(facts(text)).toEqual(expected === undefined ? undefined : { names: undefined, carried: "", ...expected });
  });
});

describe("nothing is known", () => {
  it.each([
    "(r) => r", "(r) => [r.a, r]", "(r) => ({ ...r })", "(r) => ({ r })", "(r) => outer.call(r).a", "(r) => r[\"a\"]", "(r) => r.a()", "(r) => (r.a)()", "(r) => ((r.a))?.()", "(r) => r.a?.b", "(r) => r.a = 1", "(r) => { r.a += 1; }", "(r) => r.a++", "(r) => --r.a",
    "(r) => delete r.a", "(r) => { [r.a] = [1]; }", "(r) => { const { a } = r; return a; }", "(r) => { const s = r; return s.a; }", "(r) => eval(\"r\")", "(r) => `${r.a}`", "(r) => /\"/.test(r.a) || r", "(r) => { if (r.a) /\"/.test(\"r\"); }", "(r) => { for (r.a of outer.list); }",
    "(r, i) => r.a", "(r = {}) => r.a", "(...r) => r.a", "({ ...r }) => r", "({ a = 1 }) => a", "({ a: { b } }) => b", "({ [outer]: a }) => a", "({ a: x, a: y }) => ({ x, n: y.length })", "([a]) => a", "({ a }, b) => a", "({ a }, { b }) => a", "({ a = ({ b }) => b }) => a",
    "(r) => { debugger\n/'/; outer.seen.push(r, /'+x/); }", "(r) => { let q\n/'/; return [r]; let z = /'+q/; }", "(r) => { debugger // so\n/'/; outer.seen.push(r, /'+x/); }", "(r) => { debugger /*\n*/ /'/; outer.seen.push(r, /'+x/); }",
    "async (r) => r.a", "async ({ a }) => a", "async r => r.a", "function (r) { return r.a; }", "function ({ a }) { return arguments[0]; }", "function* (r) { yield r.a; }", "class { constructor(r) {} }", "outer.call.bind(undefined)", "Math.abs", "(\\u0072) => r.a",
  ])("%s", (text) => {
    expect(factsOf(made(text) as never)).toBeUndefined();
  });

  it("a method, a long function, one behind a Proxy, and one that says another text", () => {
    const { method } = { method: (r: { a: number }): number => r.a };
    expect(factsOf(new Proxy(method, {}))).toBeUndefined();
    expect(factsOf(made(`(r) => r.a + ${"1 + ".repeat(1_000)}1`) as never)).toBeUndefined();
    const liar = made("(r) => [r]");
    liar.toString = () => "(r) => r.a";
    expect(factsOf(liar as never)).toBeUndefined();
    const { toString: told } = Function.prototype;
    Function.prototype.toString = () => "(r) => r.a";
    try {
      expect(factsOf(made("(r) => [r]") as never)).toBeUndefined();
    } finally {
      Function.prototype.toString = told;
    }
  });
});

/** Expressions over a record `r`, its fields `a`, `b`, `c` under these names or others, and what surrounds the function. */
const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom("r.a", "r.b", "r?.c", "a", "b", "c", "x", "1", "\"r\"", "'\"'", "outer.list") },
    { weight: 2, arbitrary: fc.constantFrom("r", "...r", "eval(\"a\")", "(r.a = 1)", "r.a++", "(x = r.b)", "r.a()", "delete r.b", "{ ...r }", "arguments", "/r/.test(\"r\")", "`${r.a}`", "r[\"a\"]", "/* r */ r.c", "({ r })") },
    { weight: 1, arbitrary: fc.tuple(tie("expression"), fc.constantFrom("+", "/", "===", "&&", ",", "?? "), tie("expression")).map(([l, sign, r]) => `(${l} ${sign} ${r})`) },
    { weight: 1, arbitrary: tie("expression").map((inner) => `(${inner})`) },
    { weight: 1, arbitrary: tie("expression").map((inner) => `outer.call(${inner})`) },
    { weight: 1, arbitrary: fc.tuple(tie("expression"), tie("expression")).map(([l, r]) => `[${l}, ${r}]`) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom("a", "r", "\"z\"", "[1]", "a: 1, b"), tie("expression")).map(([name, value]) => `({ ${name}: ${value} })`) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom("(x)", "(r)", "(a)", "({ a })"), tie("expression")).map(([of, inner]) => `outer.list.map(${of} => ${inner})`) },
    { weight: 1, arbitrary: fc.tuple(tie("expression"), tie("expression"), tie("expression")).map((all) => `(${all[0]} ? ${all[1]} : ${all[2]})`) },
  ),
}));
const entry = fc.oneof(fc.constantFrom("a", "b", "c: r.c", "d: r.a", "d: a", "e: x", "\"f\": b", "...r", "...{ a: 1 }", "get g() { return 1; }", "1: 2", "__proto__: null"), expression.map((value) => `h: ${value}`));
const body = fc.oneof(expression, fc.array(entry, { maxLength: 4 }).map((entries) => `({ ${entries.join(", ")} })`), fc.tuple(expression, expression).map(([l, r]) => `{ const y = ${l}; return ${r}; }`));
const head = fc.constantFrom("(r) =>", "r =>", "({ a, b }) =>", "({ a: x, b, c }) =>", "({ a, b, c }) =>");

/** What is done to a record. */
function observed(record: Record<string, unknown>, note: Set<string>): Record<string, unknown> {
  return new Proxy(record, {
    get: (target, name, self) => (note.add(String(name)), Reflect.get(target, name, self) as unknown),
    set: (target, name, value) => (note.add("(set)"), Reflect.set(target, name, value)),
    has: (target, name) => (note.add("(has)"), Reflect.has(target, name)),
    ownKeys: (target) => (note.add("(keys)"), Reflect.ownKeys(target)),
    deleteProperty: (target, name) => (note.add("(delete)"), Reflect.deleteProperty(target, name)),
  });
}

it("generated functions read what is known and nothing else, and carry what is known to be carried", () => {
  let [ran, known] = [0, 0];
  fc.assert(
    fc.property(head, body, (parameter, rest) => {
      const text = `${parameter} ${rest}`;
      let given: Anything;
      try {
        given = made(text);
      } catch {
        return;
      }
      if (typeof given !== "function") return;
      ran++;
      const found = factsOf(given as never);
      if (found === undefined) return;
      known++;
      const record = { a: "text a", b: 2, c: [3] };
      const note = new Set<string>();
      const answer = resultOf(given, observed(record, note));
      for (const name of note) expect(found.reads, text).toContain(name);
      const part = Object.fromEntries(Object.entries(record).filter(([name]) => found.reads.has(name)));
      const same = resultOf(given, part);
      expect(shown(same), text).toEqual(shown(answer));
      const handed = new Set(found.carried.values());
      const bare = resultOf(given, Object.fromEntries(Object.entries(part).filter(([name]) => !handed.has(name))));
      if (found.names !== undefined && "value" in answer) expect(Object.keys(answer.value as object), text).toEqual(found.names);
      if (found.carried.size === 0 || !("value" in answer) || !("value" in bare)) return;
      const whole = bare.value as Record<string, unknown>;
      for (const [name, from] of found.carried) whole[name] = record[from as keyof typeof record];
      expect(shown(bare), text).toEqual(shown(answer));
    }),
    { numRuns: 10_000 },
  );
  expect(ran).toBeGreaterThan(3_000);
  expect(known).toBeGreaterThan(1_000);
});

function resultOf(given: Anything, record: unknown): { readonly value: unknown } | { readonly thrown: string } {
  try {
    return { value: given(record as never) };
  } catch (thrown) {
    return { thrown: (thrown as Error).name };
  }
}

/** Functions and generators are equal to each other. */
function shown(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value, (_, part: unknown) => (typeof part === "function" ? "function" : part === undefined ? "undefined" : part)));
}

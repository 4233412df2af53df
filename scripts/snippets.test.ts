import { expect, it } from "vitest";
import { programOf, runnableProgram } from "./snippets.ts";

function body(code: string): string {
  return runnableProgram(`\n${code}\n`).trim();
}

it("asserts the value of an expression, over several lines of code or of comment", () => {
  expect(body("1 + 1; // => 2")).toBe("__check((1 + 1), (2), 1); // => 2");
  expect(body("[1]\n  .map(f); // => [\n//   2]")).toContain("__check(([1]\n  .map(f)), ([   2]), 2);");
});

it("asserts the value of a const, and of an awaited expression", () => {
  expect(body("const a = f(); // => 3")).toContain("const a = f(); __check(a, (3), 1);");
  expect(body("await g(); // => 4")).toContain("__check((await g()), (4), 1);");
});

it("refuses an expectation that belongs to nothing", () => {
  expect(() => body("if (a) {} // => 5")).toThrow(/line 1/);
});

it("imports what a block of a doc comment uses and does not define", () => {
  const origins = new Map([
    ["./own.ts", ["tumbling", "type Options", "unused"]],
    ["@streamflow/x", ["tumbling", "other", "mine"]],
  ]);
  const program = programOf({ file: "own.ts", line: 1, code: "const mine: Options = {}; tumbling(mine, other);" }, origins);
  expect(program.split("\n")[0]).toBe('import { tumbling, type Options } from "./own.ts"; import { other } from "@streamflow/x";');
});

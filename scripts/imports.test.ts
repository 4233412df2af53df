import { expect, it } from "vitest";
import { importsIn, packageOf } from "./imports.ts";

function specifiers(source: string): string[] {
  return importsIn(source).map(({ specifier }) => specifier);
}

it("finds imports, re-exports, dynamic imports and import types, several to a line", () => {
  expect(specifiers('import a from "a"; import "b";\nexport { c } from "c";\nexport type * from "d";')).toEqual(["a", "b", "c", "d"]);
  expect(specifiers('import {\n  a,\n  type B,\n} from "./over-lines.ts";')).toEqual(["./over-lines.ts"]);
  expect(specifiers('const a = await import("a");\nlet b: import("b").B;')).toEqual(["a", "b"]);
});

it("gives the line of the specifier", () => {
  expect(importsIn('\nimport {\n  a,\n} from "a";')).toEqual([{ specifier: "a", line: 4 }]);
});

it("leaves comments alone", () => {
  expect(specifiers('/**\n * import { a } from "a";\n */\n// import "b";\nlet c; // import("c")\n  /* import "d"; */')).toEqual([]);
});

it("takes the package of a subpath", () => {
  expect(packageOf("@streamflow/core/testing")).toBe("@streamflow/core");
  expect(packageOf("yaml/util")).toBe("yaml");
});

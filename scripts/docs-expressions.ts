// `pnpm docs:expressions`: the function tables of docs/expressions.md, from the functions themselves. A test compares the two.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describeFunctions, standardFunctions, type ExpressionFunction } from "../packages/core/src/index.ts";
import { regexFunctions } from "../packages/config/src/regex-functions.ts";
import { root } from "./workspace.ts";

const file = join(root, "docs/expressions.md");
const sections: Readonly<Record<string, readonly ExpressionFunction[]>> = { functions: standardFunctions, regex: regexFunctions };

let page = readFileSync(file, "utf8");
for (const [name, functions] of Object.entries(sections)) {
  const [before, rest] = page.split(`<!-- ${name}: generated -->\n`);
  const after = rest?.split(`<!-- /${name} -->`)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/expressions.md has no section "${name}"`);
  page = `${before}<!-- ${name}: generated -->\n${describeFunctions(functions)}\n<!-- /${name} -->${after}`;
}
writeFileSync(file, page);

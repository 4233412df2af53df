// `pnpm check:api`: the public API is what is committed under api/. `pnpm api:update` (with --update) rewrites it.
// One report per entry point: every exported name with its declaration, from the built .d.ts files, without comments.

import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fromRoot, publishedPackages, report, root } from "./workspace.ts";

const folder = join(root, "api");
const reports = new Map(publishedPackages().flatMap(({ name, folder: at, manifest }) =>
  Object.entries(manifest.exports ?? {}).map(([subpath, conditions]): [string, string] => {
    const entry = join(root, at, conditions?.["types"] ?? "");
    const title = `${manifest.name}${subpath.slice(1)}`;
    return [`${[name, ...subpath.split("/").slice(1)].join(".")}.d.ts`, render(title, declarationsOf(entry))];
  }),
));

if (process.argv.includes("--update")) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [file, text] of reports) writeFileSync(join(folder, file), text);
  console.log(`  api/: ${reports.size} reports`);
} else {
  const committed = existsSync(folder) ? readdirSync(folder) : [];
  const stale = committed.filter((file) => !reports.has(file)).map((file) => `api/${file}: no such entry point any more`);
  const changed = [...reports].flatMap(([file, text]) => differences(file, text));
  report([...stale, ...changed], `${reports.size} entry points`);
  if (process.exitCode === 1) console.log("  Intended? pnpm api:update, and commit api/.");
}

function differences(file: string, text: string): string[] {
  const path = join(folder, file);
  const before = existsSync(path) ? readFileSync(path, "utf8").split("\n") : [];
  const after = text.split("\n");
  const removed = before.filter((line) => !after.includes(line)).map((line) => `- ${line}`);
  const added = after.filter((line) => !before.includes(line)).map((line) => `+ ${line}`);
  if (before.join("\n") === text) return [];
  return [`api/${file} differs from the build:\n${[...removed, ...added].map((line) => `      ${line}`).join("\n")}`];
}

function render(title: string, declarations: ReadonlyMap<string, readonly string[]>): string {
  const names = [...declarations.keys()].sort();
  return [`// The public API of ${title}. Written by pnpm api:update.`, ...names.flatMap((name) => declarations.get(name)!.map((text) => `\n${text}`)), ""].join("\n");
}

/** Exported name → its declarations (an overload or a merged type has several), following re-exports. */
function declarationsOf(file: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  if (!existsSync(file)) throw new Error(`${fromRoot(file)} is not built: pnpm build`);
  const statements = statementsIn(readFileSync(file, "utf8"));
  const add = (name: string, text: string): void => {
    found.set(name, [...(found.get(name) ?? []), text]);
  };
  for (const statement of statements) {
    const declared = /^export (?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum|namespace) ([\w$]+)/.exec(statement);
    if (declared !== null) add(declared[1]!, statement);
    const list = /^export (?:type )?\{([\s\S]*)\}(?: from "([^"]+)")?;$/.exec(statement);
    if (list === null) continue;
    const [, names, from] = list;
    const origin = from?.startsWith(".") === true ? declarationsOf(declarationFile(file, from)) : undefined;
    for (const item of names!.split(",").map((name) => name.trim().replace(/^type /, "")).filter((name) => name !== "")) {
      const [local, exported = local] = item.split(" as ");
      const texts = origin?.get(local!) ?? (from === undefined ? localDeclarations(statements, local!) : undefined);
      for (const text of texts ?? [`export { ${item} } from "${from ?? "?"}";`]) {
        add(exported!, exported === local ? text : `// exported as ${exported}\n${text}`);
      }
    }
  }
  return found;
}

function declarationFile(from: string, specifier: string): string {
  return join(dirname(from), specifier.replace(/\.(ts|js)$/, ".d.ts"));
}

/** The declarations of a name that the file itself makes, or imports and exports again. */
function localDeclarations(statements: readonly string[], name: string): string[] {
  return statements.filter((text) => new RegExp(`^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|let|function|enum) ${name.replaceAll("$", "\\$")}\\b`).test(text));
}

/** Splits a declaration file as tsc writes it: each statement starts in the first column. */
function statementsIn(text: string): string[] {
  const lines = text
    .replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "")
    .split("\n")
    .filter((line) => line.trim() !== "" && !line.startsWith("//"));
  const statements: string[][] = [];
  for (const line of lines) {
    if (/^(?:export|declare|import|interface|type|class|const|function|abstract)\b/.test(line)) statements.push([line]);
    else statements.at(-1)?.push(line);
  }
  return statements.map((parts) => parts.join("\n").trim());
}

// `pnpm check:snippets`: the examples in Markdown and in doc comments compile, and those with `// =>` lines give those values.
// They are written to examples/node_modules/.cache, where every package can be imported by name.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkModule, isRunnable, programOf, runnableProgram, snippetsIn, type Snippet } from "./snippets.ts";
import { filesUnder, isTest, publishedPackages, report, root } from "./workspace.ts";

const folder = join(root, "examples/node_modules/.cache/snippets");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

const problems: string[] = [];
const snippets = [...filesUnder(".", (path) => path.endsWith(".md")), ...sources()].flatMap(snippetsIn);
for (const [index, snippet] of snippets.entries()) write(index, snippet);
compile();
if (problems.length === 0) execute();
report(problems, `${snippets.length} examples compile, ${snippets.filter(isRunnable).length} of them run`);

function sources(): string[] {
  return ["packages", "apps"].flatMap((parent) => filesUnder(parent, (path) => path.endsWith(".ts") && path.includes("/src/") && !isTest(path)));
}

function where({ file, line }: Snippet, lineInside: number): string {
  return `${file.replace(/^\.\//, "")}:${line + lineInside}`;
}

function write(index: number, snippet: Snippet): void {
  const program = programOf(snippet, originsOf(snippet.file));
  writeFileSync(join(folder, `${index}.ts`), program);
  if (!isRunnable(snippet)) return;
  try {
    writeFileSync(join(folder, `${index}.mjs`), `import { check as __check } from "./check.mjs"; ${runnableProgram(program)}`);
  } catch (error) {
    problems.push(`${where(snippet, 0)}: ${(error as Error).message}`);
  }
}

/** For an example in a doc comment: the exports of its own file, then of its package. */
function originsOf(file: string): Map<string, readonly string[]> {
  const origins = new Map<string, readonly string[]>();
  if (file.endsWith(".md")) return origins;
  const pkg = publishedPackages().find((candidate) => file.startsWith(`${candidate.folder}/`));
  origins.set(join(root, file), exportsOf(join(root, file)));
  // An example beside the test kit may also use the kit.
  for (const part of file.includes("/src/testing/") ? ["/testing", ""] : [""]) {
    const entry = join(root, pkg?.folder ?? "", `src${part}/index.ts`);
    if (pkg !== undefined && existsSync(entry)) origins.set(`${pkg.manifest.name}${part}`, exportsOf(entry));
  }
  return origins;
}

/** The names a source file exports; a type as `type Name`. */
function exportsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const declared = [...text.matchAll(/^export (?:declare )?(?:abstract )?(?:async )?(class|interface|type|const|let|function\*?) ([\w$]+)/gm)];
  const lists = [...text.matchAll(/^export (type )?\{([^}]*)\}/gm)];
  // An overloaded function is declared once per overload.
  return [...new Set([
    ...declared.map(([, kind, name]) => (kind === "interface" || kind === "type" ? `type ${name}` : name!)),
    ...lists.flatMap(([, type, names]) =>
      names!
        .split(",")
        .map((name) => name.trim().split(" as ").at(-1) ?? "")
        .filter((name) => name !== "")
        .map((name) => (type === undefined || name.startsWith("type ") ? name : `type ${name}`)),
    ),
  ])];
}

function compile(): void {
  const config = {
    extends: join(root, "tsconfig.check.json"),
    compilerOptions: { rewriteRelativeImportExtensions: false, noUnusedLocals: false, noUnusedParameters: false, typeRoots: [join(root, "node_modules/@types")] },
    include: [join(folder, "*.ts")],
    exclude: [],
  };
  if (snippets.length === 0) return;
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, "-p", folder, "--pretty", "false"], { encoding: "utf8" });
  const errors = [...stdout.matchAll(/^(.*?)\((\d+),\d+\): error (.*)$/gm)];
  for (const [, file, line, message] of errors) {
    const index = /(\d+)\.ts$/.exec(file!)?.[1];
    const at = index !== undefined && file!.includes(".cache/snippets") ? where(snippets[Number(index)]!, Number(line) - 2) : file!;
    problems.push(`${at}: ${message}`);
  }
  if (status !== 0 && errors.length === 0) problems.push(`tsc: ${stdout}${stderr}`);
}

function execute(): void {
  const runnable = [...snippets.entries()].filter(([, snippet]) => isRunnable(snippet));
  if (runnable.length === 0) return;
  writeFileSync(join(folder, "check.mjs"), checkModule);
  writeFileSync(
    join(folder, "run.mjs"),
    `import { takeFailures } from "./check.mjs";
const results = [];
for (const index of ${JSON.stringify(runnable.map(([index]) => index))}) {
  try { await import(\`./\${index}.mjs\`); } catch (error) { results.push({ index, line: 0, message: String(error?.stack ?? error) }); }
  for (const failure of takeFailures()) results.push({ index, ...failure });
}
process.stdout.write("\\n@@" + JSON.stringify(results));
process.exit();
`,
  );
  const args = ["--conditions=streamflow-source", pathToFileURL(join(folder, "run.mjs")).pathname];
  const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: dirname(folder), encoding: "utf8", timeout: 120_000 });
  const answer = /\n@@(.*)$/.exec(stdout)?.[1];
  if (answer === undefined) {
    problems.push(`the examples did not run to their end:\n${stderr}`);
    return;
  }
  for (const { index, line, message } of JSON.parse(answer) as { index: number; line: number; message: string }[]) {
    problems.push(`${where(snippets[index]!, line - 1)}: ${message}`);
  }
}

// `pnpm check:package`: what is published works. Packs every package, then:
//   1. publint and are-the-types-wrong find nothing in the tarballs.
//   2. The tarballs hold dist and no sources, and nothing names the source condition.
//   3. core alone, and core with transform, as npm installs them into an empty folder: they bring no other package, and the examples of their
//      READMEs compile against the published types and run.
//   4. With only the hard dependencies installed, every entry point loads: no optional client is touched.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { checkModule, programOf, runnableProgram, snippetsIn } from "./snippets.ts";
import { publishedPackages, readManifest, report, root, type WorkspacePackage } from "./workspace.ts";

const run = promisify(execFile);
// Where scripts/setup.mjs puts it.
const pnpm = join(root, "node_modules/.cache/pnpm/node_modules/.bin/pnpm");
const publint = join(root, "node_modules/publint/src/cli.js");
const tsc = join(root, "node_modules/typescript/bin/tsc");
const attw = join(root, "node_modules/@arethetypeswrong/cli/dist/index.js");
// Not under the repository, so that nothing of its node_modules can be found by accident.
const work = mkdtempSync(join(tmpdir(), "streamflow-pack-"));
const problems: string[] = [];
const packages = publishedPackages();

try {
  const tarballs = new Map<string, string>();
  for (const pkg of packages) tarballs.set(pkg.name, await pack(pkg));
  await inParallel([...tarballs], 2, async ([name, tarball]) => {
    await judge(`${name}: publint`, [publint, tarball, "--strict"]);
    await judge(`${name}: attw`, [attw, tarball, "--profile", "esm-only", "--no-color", "--format", "ascii", "--no-summary"]);
  });
  for (const names of [["core"], ["core", "transform"]]) await checkAlone(names, tarballs);
  await checkEntryPoints(tarballs);
} finally {
  rmSync(work, { recursive: true, force: true });
}
report(problems, `${packages.length} tarballs`);

async function pack({ name, folder }: WorkspacePackage): Promise<string> {
  const tarball = join(work, `${name}.tgz`);
  await run(pnpm, ["pack", "--out", tarball], { cwd: join(root, folder) });
  return tarball;
}

async function judge(title: string, args: readonly string[]): Promise<void> {
  try {
    await run(process.execPath, args, { cwd: work });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    problems.push(`${title}\n${stdout}${stderr}`);
  }
}

/** Some packages in an empty folder, installed by npm without a network: what comes with them, and whether the examples of the last one work. */
async function checkAlone(names: readonly string[], tarballs: ReadonlyMap<string, string>): Promise<void> {
  const folder = join(work, `alone-${names.join("-")}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "package.json"), '{ "type": "module", "private": true }');
  const flags = ["--offline", "--ignore-scripts", "--no-audit", "--no-fund", "--cache", join(work, "npm-cache")];
  try {
    await run("npm", ["install", ...flags, ...names.map((name) => tarballs.get(name)!)], { cwd: folder, shell: process.platform === "win32" });
  } catch (error) {
    problems.push(`npm install of ${names.join(" and ")} alone: ${String(error)}`);
    return;
  }
  const installed = readdirSync(join(folder, "node_modules"), { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith("package.json"));
  const others = installed.filter((path) => !names.some((name) => path === join("@streamflow", name, "package.json")));
  if (others.length > 0) problems.push(`${names.join(" and ")} alone bring ${others.join(", ")}`);
  await importAll(folder, names);
  await runExamples(folder, `packages/${names.at(-1)}/README.md`);
}

/** The examples of a README, where only what was installed can be found. */
async function runExamples(folder: string, readme: string): Promise<void> {
  const snippets = snippetsIn(readme);
  if (snippets.length === 0) problems.push(`${readme}: no example`);
  writeFileSync(join(folder, "check.mjs"), checkModule);
  for (const [index, snippet] of snippets.entries()) {
    const program = programOf(snippet, new Map());
    writeFileSync(join(folder, `example-${index}.ts`), program);
    const last = "\nfor (const { line, message } of takeFailures()) throw new Error(`line ${line}: ${message}`);";
    writeFileSync(join(folder, `example-${index}.mjs`), `import { check as __check, takeFailures } from "./check.mjs"; ${runnableProgram(program)}${last}`);
    await judge(`${readme}:${snippet.line}`, [join(folder, `example-${index}.mjs`)]);
  }
  const compilerOptions = { module: "nodenext", target: "es2024", lib: ["esnext"], strict: true, noEmit: true, types: ["node"], typeRoots: [join(root, "node_modules/@types")] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: snippets.map((_, index) => `example-${index}.ts`) }));
  await judge(`${readme}: types`, [tsc, "-p", folder, "--pretty", "false"]);
}

async function checkEntryPoints(tarballs: ReadonlyMap<string, string>): Promise<void> {
  const folder = join(work, "all");
  for (const { name, folder: source } of packages) {
    const at = await extract(folder, name, tarballs.get(name)!);
    const text = readFileSync(join(at, "package.json"), "utf8");
    if (/streamflow-source|workspace:|catalog:/.test(text)) problems.push(`${name}: its package.json still speaks of the workspace`);
    if (existsSync(join(at, "src"))) problems.push(`${name}: ships its sources`);
    for (const dep of Object.keys(readManifest(join(at, "package.json")).dependencies ?? {})) {
      const target = join(folder, "node_modules", dep);
      if (dep.startsWith("@streamflow/") || existsSync(target)) continue;
      mkdirSync(dirname(target), { recursive: true });
      symlinkSync(join(root, source, "node_modules", dep), target, "junction");
    }
  }
  await importAll(folder, packages.map(({ name }) => name));
}

async function extract(folder: string, name: string, tarball: string): Promise<string> {
  const at = join(folder, "node_modules/@streamflow", name);
  mkdirSync(at, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", at, "--strip-components=1"]);
  if (!readdirSync(at).includes("dist")) problems.push(`${name}: the tarball has no dist`);
  return at;
}

async function importAll(folder: string, names: readonly string[]): Promise<void> {
  const specifiers = packages
    .filter(({ name }) => names.includes(name))
    .flatMap(({ manifest }) => Object.keys(manifest.exports ?? {}).map((subpath) => `${manifest.name}${subpath.slice(1)}`));
  writeFileSync(join(folder, "import.mjs"), specifiers.map((name) => `await import("${name}");\n`).join(""));
  await judge(`importing ${specifiers.join(", ")}`, [join(folder, "import.mjs")]);
}

async function inParallel<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

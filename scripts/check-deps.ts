// `pnpm check:deps`: the architecture, against what is declared and what is imported.
//   1. The packages depend on each other as in the table, in package.json and in the sources.
//   2. A source imports what its package.json declares, and nothing else.
//   3. A relative import stays in the sources of its package, a test's in its package, and names the file with its extension.
//   4. No import cycles among files, types included.
//   5. Within core, an import only points down, from floor to floor.

import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, join, normalize } from "node:path";
import { importsIn, packageOf, type Import } from "./imports.ts";
import { filesUnder, isTest, publishedPackages, readManifest, report, root, sourcesOf, type WorkspacePackage } from "./workspace.ts";

const libraries = ["core", "ingest", "transform", "sink", "config", "metrics", "state"];

/** What each package may import of the others. */
const table: Readonly<Record<string, readonly string[]>> = {
  core: [],
  kafka: ["core"],
  ingest: ["core", "kafka"],
  transform: ["core"],
  sink: ["core", "kafka"],
  config: ["core"],
  metrics: ["core"],
  state: ["core", "config"],
  cli: ["core", "config", "metrics"],
  // The host composes every library; the cli comes to it, not the other way round.
  runner: libraries,
};

/** The rooms of core, from the ground up. A file or folder that is not here has no place yet. */
const floors: readonly (readonly string[])[] = [
  ["record.ts", "schema.ts", "errors.ts", "error-codes.ts", "nearest.ts", "types"],
  ["contracts", "async", "lifecycle.ts"],
  ["plan", "keyed", "registry.ts", "capabilities.ts", "host.ts"],
  ["engine", "stage.ts"],
  ["coordinator.ts", "savepoint"],
  ["pipeline.ts"],
];
/** These may import any room, and no room may import them. */
const aboveAllFloors = ["index.ts", "testing", "node"];

const problems: string[] = [];
const rootTools = Object.keys(readManifest(join(root, "package.json")).devDependencies ?? {});
const packages = publishedPackages();

for (const pkg of packages) {
  checkManifest(pkg);
  const graph = new Map<string, string[]>();
  for (const file of sourcesOf(pkg.folder)) {
    const imports = importsIn(readFileSync(join(root, file), "utf8"));
    for (const found of imports) checkImport(pkg, file, found);
    graph.set(file, relativeTargets(file, imports));
  }
  for (const cycle of cyclesIn(graph)) problems.push(`import cycle: ${cycle.join(" → ")}`);
  if (pkg.name === "core") checkFloors(pkg, graph);
}
checkPrivateFolders();
report(problems, `${packages.length} packages keep their bounds`);

function checkManifest({ name, folder, manifest }: WorkspacePackage): void {
  const allowed = table[name];
  if (allowed === undefined) {
    problems.push(`${folder}: not in the table of scripts/check-deps.ts`);
    return;
  }
  const wanted = allowed.map((other) => `@streamflow/${other}`).sort();
  const declared = Object.keys(manifest.dependencies ?? {}).filter((dep) => dep.startsWith("@streamflow/")).sort();
  if (wanted.join() !== declared.join()) {
    problems.push(`${folder}/package.json: depends on [${declared.join(", ")}], the table says [${wanted.join(", ")}]`);
  }
  const npm = Object.keys(manifest.dependencies ?? {}).filter((dep) => !dep.startsWith("@streamflow/"));
  if (name === "core" && npm.length > 0) problems.push(`${folder}/package.json: core has no dependencies, found ${npm.join(", ")}`);
  for (const dep of Object.keys({ ...manifest.devDependencies, ...manifest.peerDependencies })) {
    if (dep.startsWith("@streamflow/")) problems.push(`${folder}/package.json: ${dep} belongs in dependencies or nowhere`);
  }
}

function checkImport(pkg: WorkspacePackage, file: string, { specifier, line }: Import): void {
  const at = `${file}:${line}`;
  if (specifier.startsWith(".")) {
    const target = normalize(join(dirname(file), specifier));
    if (!target.startsWith(`${pkg.folder}/src/`) && !(isTest(file) && target.startsWith(`${pkg.folder}/test/`))) problems.push(`${at}: "${specifier}" leaves the sources of ${pkg.name}`);
    else if (!/\.(ts|json)$/.test(specifier)) problems.push(`${at}: "${specifier}" needs its extension, .ts`);
    else if (isTest(target) && !(isTest(file) && target.endsWith(".fixture.ts"))) problems.push(`${at}: "${specifier}" is a test`);
    return;
  }
  if (specifier.startsWith("node:")) return;
  const name = packageOf(specifier);
  if (builtinModules.includes(name)) {
    problems.push(`${at}: write "node:${specifier}"`);
    return;
  }
  if (name === pkg.manifest.name) {
    problems.push(`${at}: "${specifier}" is the package itself; import the file`);
    return;
  }
  const { dependencies, peerDependencies, devDependencies } = pkg.manifest;
  const declared = { ...dependencies, ...peerDependencies, ...(isTest(file) ? devDependencies : {}) };
  const known = name in declared || (isTest(file) && rootTools.includes(name));
  if (!known) problems.push(`${at}: "${name}" is not among the dependencies of ${pkg.folder}`);
}

/** Examples, end-to-end tests and benches use public entry points only. */
function checkPrivateFolders(): void {
  for (const folder of ["examples", "e2e", "bench"]) {
    for (const file of filesUnder(folder, (path) => path.endsWith(".ts"))) {
      for (const { specifier, line } of importsIn(readFileSync(join(root, file), "utf8"))) {
        if (!specifier.startsWith(".")) continue;
        const target = normalize(join(dirname(file), specifier));
        if (!target.startsWith(`${folder}/`)) problems.push(`${file}:${line}: "${specifier}" leaves ${folder}`);
      }
    }
  }
}

function relativeTargets(file: string, imports: readonly Import[]): string[] {
  const relative = imports.filter(({ specifier }) => specifier.startsWith("."));
  return [...new Set(relative.map(({ specifier }) => normalize(join(dirname(file), specifier))))];
}

/** Each cycle once, as the files along it. */
function cyclesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) cycles.push([...path.slice(start), file]);
    if (start >= 0 || done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

function checkFloors(core: WorkspacePackage, graph: ReadonlyMap<string, readonly string[]>): void {
  const src = `${core.folder}/src/`;
  const room = (file: string): string => file.slice(src.length).split("/")[0] ?? "";
  const floorOf = (file: string): number => floors.findIndex((rooms) => rooms.includes(room(file)));
  for (const [file, targets] of graph) {
    if (isTest(file) || aboveAllFloors.includes(room(file))) continue;
    const floor = floorOf(file);
    if (floor < 0) {
      problems.push(`${file}: "${room(file)}" has no floor in scripts/check-deps.ts`);
      continue;
    }
    for (const target of targets.filter((path) => path.startsWith(src))) {
      const reached = aboveAllFloors.includes(room(target)) ? floors.length : floorOf(target);
      if (reached > floor) problems.push(`${file}: floor ${floor + 1} imports ${target.slice(src.length)}, floor ${reached + 1}`);
    }
  }
}

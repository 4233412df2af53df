// Where things are: the root, the packages, their sources and the names they export.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

export const root: string = join(import.meta.dirname, "..");

export interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, Readonly<Record<string, string>> | null>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Without the scope: `core`. */
  readonly name: string;
  /** From the root, with slashes: `packages/core`. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** The packages that are published. */
export function publishedPackages(): WorkspacePackage[] {
  return ["packages", "apps"]
    .flatMap((parent) => (existsSync(join(root, parent)) ? readdirSync(join(root, parent)).map((name) => `${parent}/${name}`) : []))
    .filter((folder) => existsSync(join(root, folder, "package.json")))
    .map((folder) => ({ folder, manifest: readManifest(join(root, folder, "package.json")) }))
    .filter(({ manifest }) => manifest.private !== true)
    .map(({ folder, manifest }) => ({ name: manifest.name.replace("@streamflow/", ""), folder, manifest }));
}

export function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, "utf8")) as Manifest;
}

/** The files under a folder of the repository that `keep` accepts, as paths from the root with slashes, sorted. */
export function filesUnder(folder: string, keep: (path: string) => boolean): string[] {
  if (!existsSync(join(root, folder))) return [];
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const child = `${path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name !== "node_modules" && entry.name !== "dist" && !entry.name.startsWith(".")) visit(child);
      } else if (keep(child)) {
        found.push(child);
      }
    }
  };
  visit(folder);
  return found.sort();
}

export function sourcesOf(folder: string): string[] {
  return filesUnder(`${folder}/src`, (path) => path.endsWith(".ts"));
}

export function isTest(path: string): boolean {
  return /\.(test|test-d|fixture)\.ts$/.test(path);
}

export function fromRoot(absolute: string): string {
  return relative(root, absolute).split(sep).join("/");
}

/** Prints the problems of a check and sets the exit code; says what was looked at when there are none. */
export function report(problems: readonly string[], fine: string): void {
  for (const problem of problems) console.log(`  ${problem}`);
  console.log(problems.length === 0 ? `  ${fine}` : `  ${problems.length} ${problems.length === 1 ? "problem" : "problems"}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

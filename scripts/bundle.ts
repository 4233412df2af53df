// The JavaScript of every package: one file for each entry point, and what several of them share. A program that imports all of StreamFlow opens thirty
// files in place of three hundred, and takes 0.11 s of CPU time for it in place of 0.27 s.
//   1. Entry points are what package.json exports and runs, and the programs of threads (`programBeside`).
//   2. All files lie in `dist` itself, so that what lies beside a module in the sources lies beside it here.
//   3. Files hold ASCII alone: V8 keeps any other text at two bytes a character, and reads it more slowly.
//   4. Nothing of another package is taken in, but `yaml`: its seventy modules take longer to open than all of ours. Its licence goes with it.

import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { publishedPackages, root, sourcesOf, type WorkspacePackage } from "./workspace.ts";

const takenIn = "yaml";
const isTakenIn = (id: string): boolean => id.includes(`/node_modules/${takenIn}/`);

/** Writes the bundles of all packages. */
export async function bundle(): Promise<void> {
  for (const pkg of publishedPackages()) await bundlePackage(pkg);
}

async function bundlePackage(pkg: WorkspacePackage): Promise<void> {
  const folder = join(root, pkg.folder);
  const build = await rolldown({ input: entriesOf(pkg), platform: "neutral", external: (id) => !id.startsWith(".") && !id.startsWith("/") && id !== takenIn, treeshake: { moduleSideEffects: false }, cwd: folder, logLevel: "warn", plugins: [{ name: "ascii", renderChunk: (code) => ({ code: escaped(code), map: null }) }] });
  const dist = join(folder, "dist");
  for (const name of readdirSync(dist)) if (/\.js(\.map)?$/.test(name)) rmSync(join(dist, name));
  await build.write({ dir: dist, format: "esm", sourcemap: true, entryFileNames: "[name].js", chunkFileNames: "[name]-[hash].js", minify: false, codeSplitting: { groups: [{ name: "yaml", test: isTakenIn }] }, banner });
  await build.close();
}

/** The same program; String.raw has ASCII alone in the sources. */
function escaped(code: string): string {
  return code.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** The licence of a package whose modules a file holds. */
function banner({ moduleIds }: { readonly moduleIds: readonly string[] }): string {
  const id = moduleIds.find(isTakenIn);
  if (id === undefined) return "";
  const folder = id.slice(0, id.lastIndexOf(`/node_modules/${takenIn}/`));
  return `/*! ${takenIn}\n${readFileSync(join(folder, "node_modules", takenIn, "LICENSE"), "utf8")}*/`;
}

/** By the name of the bundle: the source that it begins with. */
function entriesOf({ folder, manifest }: WorkspacePackage): Record<string, string> {
  const entries: Record<string, string> = {};
  for (const conditions of Object.values(manifest.exports ?? {})) {
    const { "streamflow-source": source, default: built } = conditions ?? {};
    if (source !== undefined && built !== undefined) entries[basename(built, ".js")] = source;
  }
  for (const file of Object.values(manifest.bin ?? {})) entries[basename(file, ".js")] = `./src/${basename(file, ".js")}.ts`;
  for (const program of sourcesOf(folder).flatMap(programsIn)) entries[basename(program, ".ts")] = join(root, program);
  return entries;
}

/** The programs of threads that a source starts. */
function programsIn(file: string): readonly string[] {
  return [...readFileSync(join(root, file), "utf8").matchAll(/programBeside\("([\w-]+)", import\.meta\.url\)/g)].map(([, name]) => join(dirname(file), `${name}.ts`)).filter((path) => existsSync(join(root, path)));
}

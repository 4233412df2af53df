// Programs of Debian packages: those of the machine where they are installed, else downloaded and unpacked into a folder of our own, so that nothing is
// installed, configured or started behind the machine's back. Needs neither root nor a list of what a package depends on: apt knows.
import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder, isRoot } from "./cache.ts";

const run = promisify(execFile);

/** A program that packages bring. */
export interface Wanted {
  /** For messages, and the folder. */
  readonly name: string;
  readonly packages: readonly string[];
  /** Where the program is under a root folder, if it is there. */
  find(root: string): string | undefined;
}

/** Where a program is, and what it needs of its environment to run. */
export interface Found {
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The first of the folders in PATH that has the program. */
export function inPath(program: string, root: string): string | undefined {
  const folders = root === "/" ? (process.env["PATH"] ?? "").split(delimiter) : [join(root, "usr/bin")];
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}

/** Finds the program, and gets it where it is missing. */
export async function provide(wanted: Wanted): Promise<Found> {
  const installed = wanted.find("/");
  if (installed !== undefined) return { program: installed, env: {} };
  const folder = join(cacheFolder, wanted.name);
  if (!existsSync(folder)) await unpack(wanted, folder);
  const program = wanted.find(folder);
  if (program === undefined) throw missing(wanted, `${folder} does not hold it; remove that folder to try again`);
  return { program, env: { LD_LIBRARY_PATH: libraryFolders(folder).join(delimiter) } };
}

async function unpack(wanted: Wanted, folder: string): Promise<void> {
  const [part, archives] = [`${folder}.part-${process.pid}`, `${folder}.archives-${process.pid}`];
  mkdirSync(join(archives, "partial"), { recursive: true });
  mkdirSync(part, { recursive: true });
  try {
    await download(wanted, archives);
    for (const file of readdirSync(archives).filter((name) => name.endsWith(".deb"))) await run("dpkg", ["-x", join(archives, file), part]);
    // Whole or not at all: a run beside this one may be doing the same.
    if (!existsSync(folder)) renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
    rmSync(archives, { recursive: true, force: true });
  }
}

/** What the machine lacks of the packages and of all that they depend on. */
async function download(wanted: Wanted, archives: string): Promise<void> {
  const args = ["install", "--download-only", "--yes", "--no-install-recommends", "-o", `Dir::Cache::archives=${archives}`, "-o", "Debug::NoLocking=1", ...wanted.packages];
  try {
    await run("apt-get", args);
  } catch (first) {
    // A fresh machine has no list of packages yet; only root may fetch it.
    if (!isRoot) throw missing(wanted, reasonOf(first));
    try {
      await run("apt-get", ["update"]);
      await run("apt-get", args);
    } catch (second) {
      throw missing(wanted, reasonOf(second));
    }
  }
}

function libraryFolders(folder: string): readonly string[] {
  const parents = ["usr/lib", "lib"].map((path) => join(folder, path)).filter((path) => existsSync(path));
  return parents.flatMap((parent) => [parent, ...readdirSync(parent).filter((name) => name.endsWith("-linux-gnu")).map((name) => join(parent, name))]);
}

function missing({ name, packages }: Wanted, why: string): Error {
  return new Error(`${name} is not installed, and could not be downloaded: ${why}\nInstall it: apt-get update && apt-get install --no-install-recommends ${packages.join(" ")}`);
}

function reasonOf(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message: string };
  return (stderr ?? "").trim() === "" ? message : (stderr ?? "").trim();
}

// Jars of Java programs, by Maven: what a pom.xml names and what that depends on, into a folder of our own. Maven knows the machine's mirrors, and refuses
// what does not have the checksum that the registry says.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheFolder } from "./cache.ts";

const run = promisify(execFile);
const attempts = 3;
const install = "apt-get update && apt-get install --no-install-recommends default-jre-headless maven";

/** The folder that has the jars of a pom.xml; they are fetched where they are missing. */
export async function provideJars(name: string, pom: string): Promise<string> {
  const version = createHash("sha256").update(readFileSync(pom)).digest("hex").slice(0, 12);
  const folder = join(cacheFolder, `${name}-${version}`);
  if (existsSync(folder)) return folder;
  const part = `${folder}.part-${process.pid}`;
  mkdirSync(part, { recursive: true });
  try {
    await copyDependencies(pom, part, attempts);
    // Whole or not at all: a run beside this one may be doing the same.
    if (!existsSync(folder)) renameSync(part, folder);
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return folder;
}

async function copyDependencies(pom: string, folder: string, left: number): Promise<void> {
  const args = ["--batch-mode", "--quiet", "--strict-checksums", "--file", pom, "dependency:copy-dependencies", "-DincludeScope=runtime", `-DoutputDirectory=${folder}`];
  try {
    await run("mvn", args);
  } catch (error) {
    const { code, stdout, message } = error as { readonly code?: unknown; readonly stdout?: string; readonly message: string };
    if (code === "ENOENT") throw new Error(`Maven is not installed, which fetches the jars of ${pom}\nInstall it: ${install}`);
    if (left === 1) throw new Error(`Maven could not fetch the jars of ${pom}: ${(stdout ?? "").trim() === "" ? message : (stdout ?? "").trim()}`);
    await copyDependencies(pom, folder, left - 1);
  }
}

/** What runs a Java program. @throws where there is no Java, saying how to get it. */
export async function findJava(): Promise<string> {
  const home = process.env["JAVA_HOME"];
  const program = home === undefined ? "java" : join(home, "bin/java");
  const text = await run(program, ["-version"]).then(({ stderr }) => stderr, () => undefined);
  const major = Number(/version "(\d+)/.exec(text ?? "")?.[1] ?? 0);
  if (major >= 17) return program;
  throw new Error(`${text === undefined ? "Java is not installed" : `Java ${major} is too old`}: 17 or newer is needed\nInstall it: ${install}`);
}

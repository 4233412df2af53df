// Runs a program of a study, as a process of its own, and reads what it reports.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../gen.ts";
import { measure, type Usage } from "../measure.ts";
import { programPath } from "../programs.ts";

/** A program and what it is told; the path for its report comes last. */
export interface StudyProgram {
  /** By its path here: "streamflow/density". */
  readonly program: string;
  readonly arguments: readonly string[];
  readonly flags?: readonly string[];
}

/** What Node is started with for a program. */
export function nodeArguments({ program, arguments: given, flags = [] }: StudyProgram): readonly string[] {
  return ["--disable-warning=ExperimentalWarning", ...flags, programPath(program), ...given];
}

/** Runs a program to its end. @throws where it fails, or reports nothing */
export async function runProgram<Report>(program: StudyProgram, folder: string): Promise<{ readonly usage: Usage; readonly report: Report }> {
  const path = join(folder, "report.json");
  rmSync(path, { force: true });
  const usage = await measure({ name: program.program, program: process.execPath, arguments: [...nodeArguments(program), path] });
  if (!existsSync(path)) throw new Error(`${program.program} reported nothing`);
  return { usage, report: JSON.parse(readFileSync(path, "utf8")) as Report };
}

/** A folder on the disk, not in memory: what is made durable there costs what it costs. Gone when it is disposed of. */
export class StudyFolder {
  readonly path: string;
  readonly #remove = (): void => rmSync(this.path, { recursive: true, force: true });

  constructor() {
    mkdirSync(cacheFolder, { recursive: true });
    this.path = mkdtempSync(join(cacheFolder, "study-"));
    process.on("exit", this.#remove);
  }

  /** The path of a folder that is not there. */
  fresh(name: string): string {
    const path = join(this.path, name);
    rmSync(path, { recursive: true, force: true });
    return path;
  }

  [Symbol.dispose](): void {
    process.off("exit", this.#remove);
    this.#remove();
  }
}

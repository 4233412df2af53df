// Which files a file source reads.
import { StreamFlowError, type Disk } from "@streamflow/core";
import { missingFile } from "./content.ts";

/** Files by path, or all files of a folder. */
export interface FileChoice {
  /** One file. */
  readonly path?: string;
  /** Several files, in this order. */
  readonly paths?: readonly string[];
  /** All files of a folder, by name; sub-folders and names that start with "." are left out. */
  readonly folder?: string;
  /** Of a folder, only names with this end, for example ".ndjson". */
  readonly suffix?: string;
  /** Folder that relative paths are meant from. @defaultValue the process's */
  readonly baseFolder?: string;
}

/** A file of a source. */
export interface ListedFile {
  /** As it was given, or its name in the folder: part of positions. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

/** @throws {@link StreamFlowError} SF_CONFIG_INVALID unless exactly one of path, paths and folder is given, with names that differ. */
export function checkChoice(choice: FileChoice): void {
  const given = (["path", "paths", "folder"] as const).filter((name) => choice[name] !== undefined);
  if (given.length !== 1) throw new StreamFlowError("SF_CONFIG_INVALID", `a file source needs exactly one of path, paths and folder, got ${given.join(" and ") || "none"}`);
  const twice = choice.paths?.find((path, i, paths) => paths.indexOf(path) !== i);
  if (twice !== undefined) throw new StreamFlowError("SF_CONFIG_INVALID", `paths of a file source must differ, got "${twice}" twice`);
  if (choice.paths?.length === 0) throw new StreamFlowError("SF_CONFIG_INVALID", "paths of a file source must not be empty");
}

/**
 * Finds the files.
 * @throws {@link StreamFlowError} SF_SOURCE_MISSING for a missing file or folder, SF_SOURCE_FAILED for a folder where a file was meant, or the reverse.
 */
export async function listFiles(disk: Disk, choice: FileChoice): Promise<readonly ListedFile[]> {
  if (choice.folder !== undefined) return listFolder(disk, choice.folder, choice);
  const names = choice.path === undefined ? (choice.paths ?? []) : [choice.path];
  return Promise.all(names.map(async (name) => statFile(disk, name, inFolder(choice.baseFolder, name))));
}

async function listFolder(disk: Disk, name: string, choice: FileChoice): Promise<readonly ListedFile[]> {
  const folder = inFolder(choice.baseFolder, name);
  const stat = await disk.stat(folder);
  if (stat === undefined) throw new StreamFlowError("SF_SOURCE_MISSING", `folder "${folder}" does not exist`, { context: { path: folder } });
  if (stat.kind === "file") throw new StreamFlowError("SF_SOURCE_FAILED", `"${folder}" is a file, expected a folder`, { context: { path: folder }, hint: "name a single file with path" });
  const names = (await disk.list(folder)).filter((file) => !file.startsWith(".") && file.endsWith(choice.suffix ?? ""));
  const files: ListedFile[] = [];
  for (const file of names) {
    const path = inFolder(folder, file);
    const found = await disk.stat(path);
    if (found?.kind === "file") files.push({ name: file, path, sizeBytes: found.sizeBytes });
  }
  return files;
}

async function statFile(disk: Disk, name: string, path: string): Promise<ListedFile> {
  const stat = await disk.stat(path);
  if (stat === undefined) throw missingFile(path);
  if (stat.kind === "folder") throw new StreamFlowError("SF_SOURCE_FAILED", `"${path}" is a folder, expected a file`, { context: { path }, hint: "name a folder with folder" });
  return { name, path, sizeBytes: stat.sizeBytes };
}

function inFolder(folder: string | undefined, name: string): string {
  if (folder === undefined || name.startsWith("/") || /^[A-Za-z]:/.test(name)) return name;
  return folder.endsWith("/") ? folder + name : `${folder}/${name}`;
}

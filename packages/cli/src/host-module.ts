// Which module makes the host: `--host`, else the project's config, else @streamflow/runner.
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, resolve, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { nearest, StreamFlowError, toStreamFlowError, type Host, type HostModule } from "@streamflow/core";
import { nodeDisk } from "@streamflow/core/node";
import type { CliContext, GlobalOptions, SetValues } from "./cli-context.ts";

/** The host unless something else is named. */
export const defaultHost = "@streamflow/runner";
const configNames = ["streamflow.config.js", "streamflow.config.mjs", "streamflow.config.ts", "streamflow.config.json"];
const defaultData = ".streamflow";

/** What a project says of itself, in `streamflow.config.*`. */
interface ProjectConfig {
  readonly folder: string;
  readonly host?: string;
  readonly data?: string;
}

/** A host with the data folder that the user means. */
export interface Project {
  readonly host: Host;
  /** Absolute. */
  readonly dataFolder: string;
}

/** What opening a project takes. */
export interface ProjectOptions {
  readonly context: CliContext;
  readonly globals: GlobalOptions;
  /** The pipeline file, where the command has one: the config is searched next to it, then above it up to the present folder. */
  readonly file?: string;
  readonly values?: SetValues;
  /** Where log lines go. @defaultValue standard error */
  readonly log?: { write(text: string): unknown; readonly writableLength?: number };
}

/** Loads the host. @throws {@link StreamFlowError} SF_CLIENT_MISSING when its module is not installed, SF_CONFIG_INVALID when it is no host module */
export async function openProject(options: ProjectOptions): Promise<Project> {
  const { context, globals, file, values = {} } = options;
  const beside = file === undefined ? context.folder : dirname(resolve(context.folder, file));
  const config = await findProjectConfig(beside, context.folder);
  const [specifier, from] = globals.host !== undefined ? [globals.host, context.folder] : [config.host ?? defaultHost, config.folder];
  const module = await importFrom(specifier, from, context.folder);
  const { createHost } = module as Partial<HostModule>;
  if (typeof createHost !== "function") throw new StreamFlowError("SF_CONFIG_INVALID", `"${specifier}" is no host module: it exports no createHost`, { hint: "export function createHost(options) { … }" });
  const host = await createHost({
    log: { level: globals.logLevel, format: globals.json === true ? "json" : "text", stream: options.log ?? context.stderr },
    variables: { ...context.variables, ...values },
  });
  const data = globals.data === undefined ? resolve(config.data === undefined ? context.folder : config.folder, config.data ?? defaultData) : resolve(context.folder, globals.data);
  return { host, dataFolder: data };
}

async function findProjectConfig(beside: string, present: string): Promise<ProjectConfig> {
  for (let folder = beside; ; folder = dirname(folder)) {
    const found = await readProjectConfig(folder);
    if (found !== undefined) return found;
    if (!folder.startsWith(join(present, sep))) return { folder: beside };
  }
}

async function readProjectConfig(folder: string): Promise<ProjectConfig | undefined> {
  const disk = nodeDisk();
  for (const name of configNames) {
    const path = join(folder, name);
    if ((await disk.stat(path)) === undefined) continue;
    const module = await importFile(path);
    return { folder, ...checkConfig((module["default"] ?? module) as Readonly<Record<string, unknown>>, path) };
  }
  return undefined;
}

function checkConfig(given: Readonly<Record<string, unknown>>, path: string): Omit<ProjectConfig, "folder"> {
  for (const [name, value] of Object.entries(given)) {
    if (name !== "host" && name !== "data") {
      const near = nearest(name, ["host", "data"]);
      throw new StreamFlowError("SF_CONFIG_INVALID", `unknown setting "${name}"`, { location: { file: path }, hint: near === undefined ? "known: host, data" : `did you mean "${near}"?` });
    }
    if (typeof value !== "string" || value === "") throw new StreamFlowError("SF_CONFIG_INVALID", `${name} must be a text that is not empty`, { location: { file: path } });
  }
  return given as Omit<ProjectConfig, "folder">;
}

/** Imports a module that a user named: a path, or a package that `from` or the command itself can see. */
async function importFrom(specifier: string, from: string, startedIn: string): Promise<object> {
  if (specifier.startsWith(".") || isAbsolute(specifier)) return importFile(resolve(from, specifier));
  if (specifier.startsWith("file:")) return importFile(fileURLToPath(specifier));
  const url = resolvePackage(specifier, [from, startedIn]);
  if (url === undefined) {
    throw new StreamFlowError("SF_CLIENT_MISSING", `the host "${specifier}" is not installed`, {
      hint: specifier === defaultHost ? `npm install ${defaultHost}, or name another host with --host` : `npm install ${specifier}`,
    });
  }
  return importUrl(url, specifier);
}

function resolvePackage(specifier: string, folders: readonly string[]): string | undefined {
  for (const folder of folders) {
    try {
      return pathToFileURL(createRequire(join(folder, "module.js")).resolve(specifier)).href;
    } catch {
      // Not seen from there.
    }
  }
  try {
    return import.meta.resolve(specifier);
  } catch {
    return undefined;
  }
}

/** Imports a file. @throws {@link StreamFlowError} SF_CONFIG_INVALID when it is missing or throws while it is loaded */
export async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  if ((await nodeDisk().stat(path))?.kind !== "file") throw new StreamFlowError("SF_CONFIG_INVALID", `there is no file "${path}"`, { hint: "check the path" });
  return importUrl(pathToFileURL(path).href, path);
}

async function importUrl(url: string, name: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const loaded = (await (url.endsWith(".json") ? import(url, { with: { type: "json" } }) : import(url))) as Readonly<Record<string, unknown>>;
    return loaded;
  } catch (thrown) {
    if (StreamFlowError.is(thrown)) throw thrown;
    throw toStreamFlowError(thrown, "SF_CONFIG_INVALID", `"${name}" cannot be loaded`);
  }
}

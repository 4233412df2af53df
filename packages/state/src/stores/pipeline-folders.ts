// A folder per pipeline, whatever the pipeline's name: `<readable part>-<hash of the name>`, with the name itself in `pipeline.json`.
// Case folds on some file systems and names may be long, so the readable part is only for people.
import { createHash } from "node:crypto";
import { StreamFlowError } from "@streamflow/core";
import type { Disk } from "@streamflow/core";
import { seal, unseal } from "../checkpoint-codec.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { uniqueName } from "./store-environment.ts";
import { readIfThere, writeAtomically } from "./whole-file.ts";

const nameFile = "pipeline.json";
const readableLength = 40;

/** The folder name of a pipeline: lower case letters, digits, "_" and "-", at most 57 characters. */
export function folderNameOf(pipeline: string): string {
  const readable = pipeline.toLowerCase().replaceAll(/[^a-z0-9_]+/g, "-").slice(0, readableLength);
  // Unpaired surrogates must not fold into one another, as they would in UTF-8.
  const hash = createHash("sha256").update(Buffer.from(pipeline, "utf16le")).digest("hex").slice(0, 16);
  return `${readable}-${hash}`;
}

/** The folders of all pipelines under one root. */
export class PipelineFolders {
  readonly root: string;
  readonly #environment: StoreEnvironment;
  /** Names of pipelines. */
  readonly #made = new Set<string>();
  readonly #making: ((name: string) => Promise<void>) | undefined;
  /** The path that was asked for last: one pipeline asks for its own many times in a row. */
  #last: { readonly pipeline: string; readonly path: string } | undefined;

  /** @param making is told the name of a folder, and waited for, before that is made */
  constructor(root: string, environment: StoreEnvironment, making?: (name: string) => Promise<void>) {
    this.root = root;
    this.#environment = environment;
    this.#making = making;
  }

  pathOf(pipeline: string): string {
    if (this.#last?.pipeline !== pipeline) this.#last = { pipeline, path: `${this.root}/${folderNameOf(pipeline)}` };
    return this.#last.path;
  }

  /** Creates the folder with its name file, durably, where it is missing. Answers the path. */
  async make(pipeline: string): Promise<string> {
    const path = this.pathOf(pipeline);
    if (this.#made.has(pipeline)) return path;
    const { disk } = this.#environment;
    const known = await this.#readOwnName(path);
    if (known === undefined) {
      await this.#making?.(folderNameOf(pipeline));
      await disk.makeFolder(path);
      await writeAtomically(disk, path, { name: nameFile, temporary: `${uniqueName(this.#environment)}.tmp`, bytes: seal({ pipeline }) });
      await disk.syncFolder(this.root);
    } else if (known !== pipeline) {
      throw new StreamFlowError("SF_STATE_CORRUPT", `folder ${path} belongs to pipeline "${known}", expected "${pipeline}"`);
    }
    this.#made.add(pipeline);
    return path;
  }

  /** Forgets that it has made the folder: it looks again. */
  rest(pipeline: string): void {
    this.#made.delete(pipeline);
  }

  /** A damaged name file holds nothing that the caller does not know: it is written anew. */
  async #readOwnName(path: string): Promise<string | undefined> {
    try {
      return await readName(this.#environment.disk, path);
    } catch (error) {
      if (!StreamFlowError.is(error, "SF_STATE_CORRUPT")) throw error;
      this.#environment.logger.warn(`${error.message}; it is written anew`, { path });
      return undefined;
    }
  }

  /** Names of all pipelines that have a folder, sorted by code unit. A folder whose name cannot be read is left out, and said. */
  async names(): Promise<readonly string[]> {
    const { disk, logger } = this.#environment;
    const found: string[] = [];
    for (const folder of await disk.list(this.root)) {
      const path = `${this.root}/${folder}`;
      try {
        const name = await readName(disk, path);
        if (name !== undefined) found.push(name);
      } catch (error) {
        logger.warn(`the name of the pipeline in ${path} cannot be read`, { path, error: String(error) });
      }
    }
    return found.sort();
  }
}

async function readName(disk: Disk, folder: string): Promise<string | undefined> {
  const path = `${folder}/${nameFile}`;
  const bytes = await readIfThere(disk, path);
  return bytes === undefined ? undefined : (unseal(bytes, path) as { readonly pipeline: string }).pipeline;
}

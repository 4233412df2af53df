// The pipelines of a folder in one process, from opening to draining.
import { join } from "node:path";
import { Coordinator, StreamFlowError, type HostStores } from "@streamflow/core";
import { closeAll } from "@streamflow/state";
import type { RunnerHost } from "./host.ts";
import { HostedPipeline, type PipelineInfo } from "./hosted-pipeline.ts";

/** What a runner is made of. */
export interface RunnerOptions {
  readonly host: RunnerHost;
  /** Where the pipeline files are: every *.yaml, *.yml and *.json, without sub-folders, hidden names and streamflow.config.json. */
  readonly folder: string;
  readonly dataFolder: string;
}

/** How draining ended. */
export interface DrainResult {
  /** Pipelines that had not stopped when the time was over; empty: all have. */
  readonly stuck: readonly string[];
}

/** So many pipelines begin at once at most. */
const mostTogether = 256;

const filePattern = /^[^.].*\.(ya?ml|json)$/;
const ownFiles: ReadonlySet<string> = new Set(["streamflow.config.json"]);

/** Hosts the pipelines of a folder. */
export class Runner {
  readonly host: RunnerHost;
  readonly stores: HostStores;
  readonly #pipelines: readonly HostedPipeline[];
  #isDraining = false;

  private constructor(host: RunnerHost, stores: HostStores, pipelines: readonly HostedPipeline[]) {
    this.host = host;
    this.stores = stores;
    this.#pipelines = pipelines;
  }

  /**
   * Opens the data folder and finds the pipeline files; starts none of them.
   * @throws {@link StreamFlowError} SF_CONFIG_INVALID when the folder does not exist; what opening the data folder throws
   */
  static async open({ host, folder, dataFolder }: RunnerOptions): Promise<Runner> {
    const { disk } = host.environment;
    if ((await disk.stat(folder))?.kind !== "folder") throw new StreamFlowError("SF_CONFIG_INVALID", `there is no folder "${folder}"`, { hint: "name the folder with the pipeline files" });
    const stores = await host.openStores(dataFolder);
    const coordinator = new Coordinator({ environment: host.environment, stores, functions: host.registry.functions });
    const files = (await disk.list(folder)).filter((name) => filePattern.test(name) && !ownFiles.has(name));
    return new Runner(host, stores, files.map((file) => new HostedPipeline({ path: join(folder, file), file, host, coordinator })));
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** All pipelines, in the order of their files. */
  get infos(): readonly PipelineInfo[] {
    return this.#pipelines.map((pipeline) => pipeline.info);
  }

  /** @throws {@link StreamFlowError} SF_PIPELINE_UNKNOWN */
  pipeline(name: string): HostedPipeline {
    const found = this.#pipelines.find((pipeline) => pipeline.name === name);
    if (found !== undefined) return found;
    throw new StreamFlowError("SF_PIPELINE_UNKNOWN", `there is no pipeline "${name}"`, { hint: `known: ${this.#pipelines.map((pipeline) => pipeline.name).join(", ") || "none"}` });
  }

  /** Starts every pipeline. One that cannot start is logged, and shows in `infos`. */
  async startAll(): Promise<void> {
    // Loaded one after another, so that of two files with one name the first one wins, always; begun together, so that they share transactions of
    // the stores: the disk is waited for a few times in all. The first do not wait for many others.
    for (let from = 0, together = 1; from < this.#pipelines.length; from += together, together = Math.min(2 * together, mostTogether)) {
      const begins = [];
      for (const pipeline of this.#pipelines.slice(from, from + together)) {
        if (!this.#isDraining) begins.push(await pipeline.prepare().catch(() => undefined));
      }
      for (const begin of begins) begin?.();
    }
  }

  /** Stops every pipeline after a last checkpoint, and waits at most `graceMs`. Pipelines that are stuck are left as they are. */
  async drain(graceMs: number): Promise<DrainResult> {
    this.#isDraining = true;
    const stuck = new Set(this.#pipelines);
    for (const pipeline of this.#pipelines) pipeline.stop();
    const all = Promise.all(this.#pipelines.map((pipeline) => pipeline.ended.then(() => stuck.delete(pipeline))));
    let cancel = (): void => undefined;
    const over = new Promise<void>((resolve) => (cancel = this.host.environment.clock.setTimer(graceMs, resolve)));
    await Promise.race([all, over]);
    cancel();
    return { stuck: [...stuck].map((pipeline) => pipeline.name) };
  }

  /** Closes the stores: after draining. */
  close(): Promise<void> {
    return closeAll(this.stores);
  }
}

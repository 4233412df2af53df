// What a tool (CLI, runner, test) gets its parts from, so that it names no connector.
import type { CheckpointStore } from "./contracts/checkpoint-store.ts";
import type { Checkpointing } from "./contracts/checkpointing.ts";
import type { CommitObserver, ObservedRun } from "./contracts/commit-observer.ts";
import type { Environment } from "./contracts/environment.ts";
import type { LeaseStore, LogStore, MetadataStore } from "./contracts/stores.ts";
import type { Registry } from "./registry.ts";

/** The stores of one data folder (or database). */
export interface HostStores {
  readonly checkpoints: CheckpointStore;
  /** How checkpoints are written into that store, and restored from it. */
  readonly checkpointing: Checkpointing;
  readonly leases: LeaseStore;
  readonly logs: LogStore;
  readonly metadata: MetadataStore;
  /** Who is told what a run commits; asked once, when the run begins. @defaultValue nobody */
  readonly observe?: (run: ObservedRun) => CommitObserver | undefined;
}

/**
 * Components, stores and environment in one object.
 * - HST-1. `openStores` opens what the data folder holds, creating it when missing; closing the stores is the caller's. Where there are `sharedStores`,
 *   it opens these, and leaves the folder alone.
 * - HST-2. Making a host opens nothing and writes nothing. Its registry knows at least one source, one sink and one function; its environment is whole.
 */
export interface Host {
  readonly environment: Environment;
  readonly registry: Registry;
  /** Where the stores are, in place of a data folder: a database that other machines share, as text for people. Never holds a secret. */
  readonly sharedStores?: string | undefined;
  openStores(dataFolder: string): Promise<HostStores>;
}

/** How a host writes its log. */
export interface HostLogOptions {
  /** @defaultValue "text" */
  readonly format?: "text" | "json";
  /** Lines below this level are left out. @defaultValue "info" */
  readonly level?: "debug" | "info" | "warn" | "error";
  /** Where lines go. @defaultValue standard error */
  readonly stream?: { write(text: string): unknown; readonly writableLength?: number };
}

/** What a tool tells the host that it makes. */
export interface HostOptions {
  readonly log?: HostLogOptions;
  /** Variables that hold secrets and switches. @defaultValue the process's own */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** A module that makes hosts: what `streamflow --host` names. */
export interface HostModule {
  createHost(options?: HostOptions): Host | Promise<Host>;
}

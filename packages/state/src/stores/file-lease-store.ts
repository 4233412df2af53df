// Leases as files, for processes of one machine, without locks: a process that is stopped or killed anywhere blocks nobody for long.
//
//   <folder>/<pipeline>/<version, 16 digits>.leases    the whole table; the highest readable version counts
//
//   I1. A version is claimed by creating its file, which only one process can do; then its bytes are written and synced.
//   I2. A claim counts when its bytes are readable and no higher version existed after they were durable. Who finds a higher one begins again.
//   I3. A version that stays unreadable (its writer died) is passed over after `tornMs`, and read once more after the next is claimed:
//       either its late writer sees the higher version (I2), or the higher version was made from it.
//   I4. Versions and generations only grow. A version that is passed over may have given every shard one generation that we do not know: all
//       generations are raised by one for it. The version before the newest is kept, so that damage to one file is survived in the same way.
import { StreamFlowError } from "@streamflow/core";
import type { DiskFile, Fence, LeaseRequest, LeaseStore, ShardId } from "@streamflow/core";
import { seal, unseal } from "../checkpoint-codec.ts";
import type { ProcessIdentity } from "../process-identity.ts";
import { Serial } from "../serial.ts";
import { acquireAll, deadHolders, fencesOf, releaseAll, renewAll } from "./lease-table.ts";
import type { Lease, LeaseTable } from "./lease-table.ts";
import { PipelineFolders } from "./pipeline-folders.ts";
import type { StoreEnvironment } from "./store-environment.ts";
import { isReason, makeFolderDurably, readIfThere } from "./whole-file.ts";

/** Options of {@link openFileLeaseStore}. */
export interface FileLeaseStoreOptions {
  /** Lets a lease be taken over at once when its process has died. @defaultValue undefined: leases only run out */
  readonly process?: ProcessIdentity;
}

/** How long the writer of a version may take, and how often we look. */
const tornMs = 1000;
const pollMs = 10;
const leaseFile = /^(\d{16})\.leases$/;

interface Version {
  readonly number: number;
  readonly table: LeaseTable;
  /** The highest generation that a shard without entry may have had. */
  readonly floor: number;
  /** Higher versions that could not be read. */
  readonly torn: readonly number[];
}

type Changes = readonly (readonly [ShardId, Lease])[];

/** Opens a folder as a lease store, and creates it where it is missing. */
export async function openFileLeaseStore(folder: string, environment: StoreEnvironment, options: FileLeaseStoreOptions = {}): Promise<LeaseStore> {
  await makeFolderDurably(environment.disk, folder);
  return new FileLeaseStore(folder, environment, options.process);
}

class FileLeaseStore implements LeaseStore {
  readonly #environment: StoreEnvironment;
  readonly #process: ProcessIdentity | undefined;
  readonly #folders: PipelineFolders;
  readonly #serial = new Serial();

  constructor(folder: string, environment: StoreEnvironment, process: ProcessIdentity | undefined) {
    this.#environment = environment;
    this.#process = process;
    this.#folders = new PipelineFolders(folder, environment);
  }

  async acquire(request: LeaseRequest): Promise<readonly Fence[]> {
    return this.#update(request.pipeline, async ({ table, floor }) => {
      const dead = await deadHolders(table, request.shards, this.#process);
      const changes = acquireAll(table, request, { nowMs: this.#environment.clock.nowMs(), process: this.#process?.id, dead, floor });
      return { changes, answer: fencesOf(changes) };
    });
  }

  async renew(request: LeaseRequest): Promise<{ readonly lost: readonly ShardId[] }> {
    return this.#update(request.pipeline, ({ table }) => {
      const { renewed, lost } = renewAll(table, request, this.#environment.clock.nowMs());
      return { changes: renewed, answer: { lost } };
    });
  }

  async release(request: Omit<LeaseRequest, "ttlMs">): Promise<void> {
    await this.#update(request.pipeline, ({ table }) => ({ changes: releaseAll(table, request), answer: undefined }));
  }

  close(): Promise<void> {
    return this.#serial.settled();
  }

  /** Reads the table, changes it, and begins again when another process was faster. */
  #update<T>(pipeline: string, change: (version: Version) => Promise<Update<T>> | Update<T>): Promise<T> {
    return this.#serial.run(pipeline, async () => {
      const folder = await this.#folders.make(pipeline);
      for (;;) {
        const version = raised(await this.#settledVersion(folder));
        const { changes, answer } = await change(version);
        if (changes.length === 0 || (await this.#commit(folder, version, changes))) return answer;
      }
    });
  }

  /** The newest version, once nobody seems to be writing a newer one. */
  async #settledVersion(folder: string): Promise<Version> {
    const { clock } = this.#environment;
    for (const startMs = clock.monotonicMs(); ; ) {
      const version = await this.#newest(folder);
      if (version !== undefined && (version.torn.length === 0 || clock.monotonicMs() - startMs >= tornMs)) return version;
      await new Promise<void>((resolve) => clock.setTimer(pollMs, resolve));
    }
  }

  /** Undefined: what was listed has been replaced meanwhile. */
  async #newest(folder: string): Promise<Version | undefined> {
    const numbers = await this.#versions(folder);
    const torn: number[] = [];
    for (const number of numbers.toReversed()) {
      const found = await this.#read(folder, number);
      if (found === "missing") return undefined;
      if (found !== "torn") return { number, ...found, torn };
      torn.push(number);
    }
    if ((numbers[0] ?? 1) === 1) return { number: 0, table: new Map(), floor: 0, torn };
    throw new StreamFlowError("SF_STATE_CORRUPT", `none of the lease tables ${torn.join(", ")} in ${folder} can be read`, {
      hint: "make sure that no pipeline runs on this data folder, then start on a new one, or restore it from a backup",
    });
  }

  async #versions(folder: string): Promise<number[]> {
    const numbers: number[] = [];
    for (const name of await this.#environment.disk.list(folder)) {
      const match = leaseFile.exec(name);
      if (match !== null) numbers.push(Number(match[1]));
    }
    return numbers;
  }

  async #read(folder: string, version: number): Promise<Pick<Version, "table" | "floor"> | "torn" | "missing"> {
    const path = pathOf(folder, version);
    const bytes = await readIfThere(this.#environment.disk, path);
    if (bytes === undefined) return "missing";
    try {
      const { floor, leases } = unseal(bytes, path) as { readonly floor: number; readonly leases: Changes };
      return { table: new Map(leases), floor };
    } catch (error) {
      if (StreamFlowError.is(error, "SF_STATE_CORRUPT")) return "torn";
      throw error;
    }
  }

  /** Whether the changes now count. */
  async #commit(folder: string, version: Version, changes: Changes): Promise<boolean> {
    const { disk } = this.#environment;
    const number = Math.max(version.number, ...version.torn) + 1;
    const file = await this.#claim(folder, number);
    if (file === undefined) return false;
    let overtaken = false;
    try {
      for (const late of version.torn) overtaken ||= (await this.#read(folder, late)) !== "torn";
      // A version that came late counts (I3): what we have claimed only repeats it, and we begin again.
      const { table, floor } = overtaken ? await this.#below(folder, number) : { table: new Map([...version.table, ...changes]), floor: version.floor };
      await file.write(seal({ floor, leases: [...table] }), 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await disk.syncFolder(folder);
    const versions = await this.#versions(folder);
    if (versions.some((other) => other > number) || overtaken) return false;
    for (const older of versions) if (older < version.number) await disk.remove(pathOf(folder, older));
    return true;
  }

  async #claim(folder: string, version: number): Promise<DiskFile | undefined> {
    try {
      return await this.#environment.disk.createExclusive(pathOf(folder, version));
    } catch (error) {
      if (isReason(error, "exists")) return undefined;
      throw error;
    }
  }

  /** The newest readable table under a version. */
  async #below(folder: string, version: number): Promise<Pick<Version, "table" | "floor">> {
    for (const number of (await this.#versions(folder)).toReversed()) {
      const found = number < version ? await this.#read(folder, number) : "torn";
      if (typeof found !== "string") return found;
    }
    throw new StreamFlowError("SF_STATE_CORRUPT", `no lease table below version ${version} in ${folder} can be read`);
  }
}

interface Update<T> {
  readonly changes: Changes;
  readonly answer: T;
}

/** Counts what versions that were passed over may have given out (I4). */
function raised(version: Version): Version {
  const by = version.torn.length;
  if (by === 0) return version;
  const table = new Map([...version.table].map(([shard, lease]) => [shard, { ...lease, generation: lease.generation + by }]));
  return { ...version, table, floor: version.floor + by };
}

function pathOf(folder: string, version: number): string {
  return `${folder}/${String(version).padStart(16, "0")}.leases`;
}

// Savepoints by name, in the stores of a host.
//   Each is a checkpoint of its own, under a name that no pipeline has and that is never used again: what it needs is copied, so nothing that happens to
//   its pipeline touches it, and retention never sees it. It is there from when a document names it: one atomic put (MDS-1, MDS-2).
import type { CheckpointStore } from "../contracts/checkpoint-store.ts";
import type { CheckpointWriter, RecoveredShard } from "../contracts/checkpointing.ts";
import type { Environment } from "../contracts/environment.ts";
import { StreamFlowError } from "../errors.ts";
import type { HostStores } from "../host.ts";
import { checkSavepointName, describeSavepoint, type SavedShard, type Savepoint, type SavepointInfo } from "./savepoint.ts";
import { publishShards } from "./publish-shards.ts";

/** What is kept in the metadata store. */
interface StoredInfo extends SavepointInfo {
  readonly formatVersion: 1;
  /** Where it lies in the checkpoint store. */
  readonly place: string;
}

const collection = "savepoints";
const placePrefix = "savepoint/";
/** Nobody takes so long to make one: what is older and has no name was left by a process that died. */
const abandonedMs = 86_400_000;
const epochMark = "savedEpoch";
const generationMark = "savedGeneration";

/** Whether a name of the checkpoint store is that of a savepoint, not of a pipeline. */
export function isSavepointPlace(name: string): boolean {
  return name.startsWith(placePrefix);
}

/** The savepoints of a host. They outlive their pipelines, and stay until they are removed. */
export class Savepoints {
  readonly #stores: Pick<HostStores, "checkpoints" | "checkpointing" | "metadata">;
  readonly #environment: Pick<Environment, "clock" | "random" | "logger" | "faults">;

  constructor(stores: Pick<HostStores, "checkpoints" | "checkpointing" | "metadata">, environment: Pick<Environment, "clock" | "random" | "logger" | "faults">) {
    this.#stores = stores;
    this.#environment = environment;
  }

  /**
   * Keeps a savepoint under a name. When it resolves the savepoint is there, durably; before, nobody sees it.
   * @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is one of that name, or it cannot be one; what the stores throw
   */
  async add(name: string, savepoint: Savepoint): Promise<SavepointInfo> {
    await this.checkFree(name);
    await this.#sweep();
    const { clock, random, faults } = this.#environment;
    const place = `${placePrefix}${clock.nowMs().toString(36)}-${random.next().toString(36).slice(2)}`;
    await this.#write(place, savepoint);
    await faults?.reach("savepoint.after-publish");
    const info = describeSavepoint(name, savepoint);
    const document: StoredInfo = { formatVersion: 1, ...info, place };
    if ((await this.#stores.metadata.put(collection, name, document, 0)) === undefined) {
      await this.#drop(place);
      throw taken(name);
    }
    await faults?.reach("savepoint.after-name");
    return info;
  }

  /** @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is one of that name, or it cannot be one */
  async checkFree(name: string): Promise<void> {
    checkSavepointName(name);
    if ((await this.#stores.metadata.get(collection, name)) !== undefined) throw taken(name);
  }

  /** All of them, by name. */
  async list(): Promise<readonly SavepointInfo[]> {
    return (await this.#documents()).map(({ place: _place, formatVersion: _version, ...info }) => info);
  }

  /**
   * Reads a savepoint whole, and verifies every byte.
   * @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is none of that name; SF_STATE_CORRUPT where it is damaged; what the stores throw
   */
  async get(name: string): Promise<Savepoint> {
    const { place, pipeline, createdMs } = await this.#document(name);
    const { checkpoints: store, checkpointing } = this.#stores;
    const [entry] = await store.list(place);
    if (entry === undefined || "damaged" in entry) throw damaged(name, entry?.damaged ?? "what it names is not in the store");
    const shards = entry.checkpoint.manifests.map(({ shard }) => shard);
    const recovered = await checkpointing.recover({ store, pipeline: place, shards, logger: this.#environment.logger }).catch((error: unknown) => {
      throw StreamFlowError.is(error, "SF_STATE_CORRUPT") ? damaged(name, error.message) : error;
    });
    const backlog = new Map([...recovered.prepared.values()].flatMap((bySink) => [...bySink]));
    return { pipeline, createdMs, plan: entry.checkpoint.plan, shards: [...recovered.shards.values()].map(restored), backlog };
  }

  /** Removes a savepoint for good. @throws {@link StreamFlowError} SF_CONFIG_INVALID where there is none of that name */
  async remove(name: string): Promise<void> {
    const { place } = await this.#document(name);
    // From here on nobody sees it; what a crash leaves is swept away later.
    await this.#stores.metadata.delete(collection, name);
    await this.#environment.faults?.reach("savepoint.after-remove");
    await this.#drop(place);
  }

  async #write(place: string, { createdMs, plan, shards, backlog }: Savepoint): Promise<void> {
    const { checkpoints: store, checkpointing } = this.#stores;
    const fences = shards.map(({ shard }) => ({ shard, generation: 1 }));
    const writer: CheckpointWriter = await checkpointing.open({ store, pipeline: place, fences, logger: this.#environment.logger, keep: 1 });
    const marked = shards.map((shard) => ({ ...shard, progress: { ...shard.progress, [epochMark]: shard.epoch, [generationMark]: shard.generation } }));
    await publishShards(writer.begin(), { createdMs, plan, shards: marked, backlog }, this.#environment.faults);
  }

  async #documents(): Promise<readonly StoredInfo[]> {
    return (await this.#stores.metadata.list(collection)).map(({ document }) => readable(document));
  }

  async #document(name: string): Promise<StoredInfo> {
    const found = await this.#stores.metadata.get(collection, name);
    if (found !== undefined) return readable(found.document);
    const known = (await this.#documents()).map((one) => one.name);
    throw new StreamFlowError("SF_CONFIG_INVALID", `there is no savepoint "${name}"`, { hint: known.length === 0 ? "there are none at all here" : `known: ${known.join(", ")}` });
  }

  async #drop(place: string): Promise<void> {
    await this.#stores.checkpoints.drop?.(place);
  }

  /** What processes left that died while they made or removed one. */
  async #sweep(): Promise<void> {
    const named = new Set((await this.#documents()).map(({ place }) => place));
    const nowMs = this.#environment.clock.nowMs();
    for (const place of await placesIn(this.#stores.checkpoints)) {
      const madeMs = Number.parseInt(place.slice(placePrefix.length), 36);
      if (!named.has(place) && nowMs - madeMs > abandonedMs) await this.#drop(place);
    }
  }
}

async function placesIn(store: CheckpointStore): Promise<readonly string[]> {
  return (await store.pipelines()).filter(isSavepointPlace);
}

function restored({ manifest: { shard, positions, progress: { [epochMark]: epoch, [generationMark]: generation, ...progress } }, states }: RecoveredShard): SavedShard {
  return { shard, epoch: Number(epoch), generation: Number(generation), positions, progress, states: states.map(({ entry: { node, state, serializer, version }, bytes }) => ({ node, state, serializer, version, bytes })) };
}

/** @throws {@link StreamFlowError} SF_STATE_INCOMPATIBLE where a later version of StreamFlow wrote it */
function readable(document: unknown): StoredInfo {
  const info = document as StoredInfo;
  if (info.formatVersion === 1) return info;
  throw new StreamFlowError("SF_STATE_INCOMPATIBLE", `savepoint "${info.name}" has format ${String(info.formatVersion)}, this version reads format 1`, { hint: "use the version of StreamFlow that made it, or a later one" });
}

function taken(name: string): StreamFlowError {
  return new StreamFlowError("SF_CONFIG_INVALID", `there is a savepoint "${name}" already`, { hint: "name another one, or remove it: streamflow savepoint delete" });
}

function damaged(name: string, what: string): StreamFlowError {
  return new StreamFlowError("SF_STATE_CORRUPT", `savepoint "${name}" is damaged: ${what}`, { hint: "take another one, or use a copy of it" });
}

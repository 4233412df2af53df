// What waits for a sink: the output of an epoch, of one shard or of a group of them that is restored together.
import type { ShardId } from "../contracts/checkpoint-store.ts";
import type { ShardCommit, SinkBatch, SinkCommit } from "../contracts/sink.ts";
import { BatchError, type BatchFailure, toStreamFlowError } from "../errors.ts";
import { StateReader, StateWriter } from "../keyed/state-codec.ts";
import { EpochOutput } from "./epoch-output.ts";

/** Output of an epoch that is sent, and committed, as a whole. */
export interface Frame {
  readonly epoch: number;
  /** The shard that it is of; that of a group has a name of its own. */
  readonly shard: ShardId;
  /** What the sink commits with it. */
  readonly shards: readonly ShardCommit[];
  /** Made by `EpochOutput`; or what the sink itself had prepared before it had a backlog. */
  readonly output: Uint8Array;
  readonly isPrepared: boolean;
  /** Nobody else can have sent it. */
  readonly isNew: boolean;
}

/** All shards of a plan with an exchange: they are restored together. */
const group = "*";
const nothing = new Uint8Array();
const bounds = { batchRecords: 1000, batchBytes: Infinity };
/** What is prepared begins so, as nothing of a sink itself does. */
const magic = Uint8Array.of(0x02, 0x53, 0x46, 0x42, 0x4c, 0x4f, 0x47, 0x01);

/** Collects output until its epoch is sealed. */
export class StagedFrames {
  readonly #isGrouped: boolean;
  readonly #outputs = new Map<ShardId, EpochOutput>();

  constructor(isGrouped: boolean) {
    this.#isGrouped = isGrouped;
  }

  get byteLength(): number {
    let bytes = 0;
    for (const output of this.#outputs.values()) bytes += output.byteLength;
    return bytes;
  }

  /** @throws BatchError for records that cannot be kept; the others are. */
  add(batch: SinkBatch): void {
    const failures: BatchFailure[] = [];
    for (let index = 0; index < batch.length; index++) {
      try {
        this.#outputOf(this.#isGrouped ? group : batch.identityAt(index).shard).addRecord(batch, index);
      } catch (thrown) {
        failures.push({ index, error: toStreamFlowError(thrown, "SF_CODEC_ENCODE", "a record cannot be kept") });
      }
    }
    if (failures.length > 0) throw new BatchError(`${failures.length} of ${batch.length} records cannot be kept: ${failures[0]?.error.message}`, failures);
  }

  /** The frames of an epoch, and starts anew. `all`: also of shards without output, for a sink that keeps its positions itself. */
  seal({ epoch, shards }: SinkCommit, all: boolean): readonly Frame[] {
    const names = this.#isGrouped ? [group] : shards.map(({ shard }) => shard);
    const frames = names.flatMap((shard): readonly Frame[] => {
      const output = this.#outputs.get(shard)?.seal(epoch) ?? nothing;
      if (output.length === 0 && !all) return [];
      return [{ epoch, shard, shards: shard === group ? shards : shards.filter((commit) => commit.shard === shard), output, isPrepared: false, isNew: true }];
    });
    this.clear();
    return frames;
  }

  clear(): void {
    this.#outputs.clear();
  }

  #outputOf(shard: ShardId): EpochOutput {
    let output = this.#outputs.get(shard);
    if (output === undefined) this.#outputs.set(shard, (output = new EpochOutput(bounds)));
    return output;
  }
}

/** Writes frames as what is prepared. */
export function encodeFrames(frames: readonly Frame[]): Uint8Array {
  const out = new StateWriter();
  out.number(frames.length);
  for (const { epoch, shard, shards, output, isPrepared } of frames) {
    out.number(epoch);
    out.value(shard);
    out.value(JSON.stringify(shards));
    out.value(output);
    out.value(isPrepared);
  }
  const body = out.finish();
  const bytes = new Uint8Array(magic.length + body.length);
  bytes.set(magic);
  bytes.set(body, magic.length);
  return bytes;
}

/** Whether `encodeFrames` has written this. */
export function areFrames(bytes: Uint8Array): boolean {
  return bytes.length > magic.length && magic.every((byte, i) => bytes[i] === byte);
}

/** What a sink without a backlog has prepared is a frame by itself: it has yet to be committed. */
export function decodeFrames(bytes: Uint8Array): readonly Frame[] {
  if (bytes.length === 0) return [];
  if (!areFrames(bytes)) return [{ epoch: 0, shard: group, shards: [], output: bytes, isPrepared: true, isNew: false }];
  const reader = new StateReader(bytes.subarray(magic.length));
  return Array.from({ length: reader.number() }, () => ({ epoch: reader.number(), shard: reader.value() as ShardId, shards: JSON.parse(reader.value() as string) as ShardCommit[], output: reader.value() as Uint8Array, isPrepared: reader.value() as boolean, isNew: false }));
}

/** Whether output of a frame belongs to an owner of these shards. */
export function isOwned({ shard, shards, isPrepared }: Frame, owned: ReadonlyMap<ShardId, number>): boolean {
  if (isPrepared) return true;
  return shard === group ? shards.some((commit) => owned.has(commit.shard)) : owned.has(shard);
}
